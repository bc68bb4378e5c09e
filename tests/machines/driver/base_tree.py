"""The Debian tree that all machines share, made once; each writes into a layer of its own."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from .isolation import Failure, mount

RECIPE = Path(__file__).with_name("base-tree.sh")


def prepare(cache: Path) -> Path:
    """The tree of the present recipe, made when there is none."""
    tree = cache / f"base-{hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:12]}"
    if tree.exists():
        return tree
    log, partial, begun = cache / "base-tree.log", cache / "base-partial", time.monotonic()
    print("making the Debian tree of the machines; this takes a minute or two, once", flush=True)
    shutil.rmtree(partial, ignore_errors=True)
    with log.open("wb") as output:
        made = subprocess.run([RECIPE, partial], stdout=output, stderr=subprocess.STDOUT)
    if made.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Failure(f"the Debian tree could not be made; the end of {log}:\n{last}")
    partial.rename(tree)
    print(f"made the Debian tree in {time.monotonic() - begun:.0f} s", flush=True)
    return tree


def layered(tree: Path, folder: Path) -> Path:
    """A writable copy of the tree; what is written stands in `folder`."""
    for part in ("written", "work", "root"):
        (folder / part).mkdir(parents=True)
    layers = f"lowerdir={tree},upperdir={folder}/written,workdir={folder}/work"
    mount("--types", "overlay", "overlay", "--options", layers, folder / "root")
    os.chmod(folder / "root", 0o755)
    return folder / "root"
