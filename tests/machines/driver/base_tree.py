"""The Debian tree that all machines share, made once; each writes into a layer of its own."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from .isolation import Failure, mount

RECIPE = Path(__file__).with_name("base-tree.sh")
# What every test relies on and Debian has in another version in each suite.
RELIED_ON = ("systemd", "prometheus", "prometheus-alertmanager", "prometheus-node-exporter")


def prepare(cache: Path, suite: str) -> Path:
    """The tree of the present recipe, made when there is none; says what is in it."""
    tree = cache / f"base-{suite}-{hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:12]}"
    if not tree.exists():
        _make(cache, suite, tree)
    for package in RELIED_ON:
        print(f"{package}: {_version(tree, package)} (Debian {suite})", flush=True)
    return tree


def _make(cache: Path, suite: str, tree: Path) -> None:
    log, partial, begun = cache / "base-tree.log", cache / "base-partial", time.monotonic()
    print("making the Debian tree of the machines; this takes a minute or two, once", flush=True)
    shutil.rmtree(partial, ignore_errors=True)
    with log.open("wb") as output:
        made = subprocess.run([RECIPE, partial, suite], stdout=output, stderr=subprocess.STDOUT)
    if made.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Failure(f"the Debian tree could not be made; the end of {log}:\n{last}")
    partial.rename(tree)
    print(f"made the Debian tree in {time.monotonic() - begun:.0f} s", flush=True)


def _version(tree: Path, package: str) -> str:
    question = ["dpkg-query", f"--admindir={tree}/var/lib/dpkg", "--show", "--showformat=${Version}"]
    return subprocess.run([*question, package], capture_output=True, text=True).stdout


def layered(tree: Path, folder: Path, above: Path | None = None) -> Path:
    """A writable copy of the tree, with a layer above it if there is one; what is written stands in
    `folder`."""
    for part in ("written", "work", "root"):
        (folder / part).mkdir(parents=True)
    lower = f"{above}:{tree}" if above else tree
    layers = f"lowerdir={lower},upperdir={folder}/written,workdir={folder}/work"
    mount("--types", "overlay", "overlay", "--options", layers, folder / "root")
    os.chmod(folder / "root", 0o755)
    return folder / "root"
