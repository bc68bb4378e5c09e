"""The programs that machines run: our own, built when stale, and those that the host may have."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .isolation import Failure

# What no Debian archive has; a test goes without, and says so.
OPTIONAL = ("loki", "promtail", "jaeger", "grafana", "dex", "spire-agent", "spire-server")
# Where Grafana's pages and defaults lie: beside its program in Nix' package and in the archive of a
# release, and where Debian's package has them.
GRAFANA_HOMES = ("../share/grafana", "..", "/usr/share/grafana")
# Where a machine has them, as it was rendered.
GRAFANA_HOME = "/usr/share/grafana"
# What the launcher and the black-box tests build too: another choice of packages would have cargo
# choose other features, and build all of it anew.
PACKAGES = (
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
    "load-generator",
    "anomaly-detector",
    "identity-authority",
    "scenario",
)
# Stands in for a Jaeger that is missing; the build of `cargo run` will do.
RECEIVER = "launcher"
NO_SOURCES = {"node_modules", "dist"}


@dataclass(frozen=True)
class Programs:
    """Where the programs are on the host."""

    binaries: list[Path]
    page: Path
    optional: dict[str, Path]

    def places(self) -> dict[Path, str]:
        """Where they are in a machine."""
        shop = "/opt/hello-observability"
        places = {path: f"{shop}/bin/{path.name}" for path in self.binaries}
        places[self.page] = f"{shop}/page"
        places |= {path: f"/opt/programs/bin/{name}" for name, path in self.optional.items()}
        if grafana := self.optional.get("grafana"):
            places[_grafana_home(grafana)] = GRAFANA_HOME
        return places


def prepare(project: Path) -> Programs:
    """Builds what is stale and looks for the rest."""
    found = {name: Path(path).resolve() for name in OPTIONAL if (path := shutil.which(name))}
    if "jaeger" not in found and (jaeger := _jaeger_of_go(project)):
        found["jaeger"] = jaeger
    for name in OPTIONAL:
        print(f"{name}: {_version(found[name]) if name in found else 'not on PATH'}", flush=True)
    return Programs(_binaries(project), _page(project / "frontend"), found)


def _jaeger_of_go(project: Path) -> Path | None:
    """Jaeger, without its page, built in the user's cache if there is Go."""
    if not shutil.which("go"):
        return None
    build = _as_user(project, str(project / "tests/machines/jaeger/build"))
    answer = subprocess.run(build, cwd=project, stdout=subprocess.PIPE, text=True)
    if answer.returncode:
        print("jaeger was not built; its reason stands above", flush=True)
        return None
    return Path(answer.stdout.strip()) / "jaeger"


def _grafana_home(program: Path) -> Path:
    folders = [(program.parent / home).resolve() for home in GRAFANA_HOMES]
    for folder in folders:
        if (folder / "conf/defaults.ini").exists():
            return folder
    raise Failure(f"{program} has no conf/defaults.ini in {', '.join(map(str, folders))}")


def _binaries(project: Path) -> list[Path]:
    if prebuilt := os.environ.get("SHOP_BIN_DIR"):
        folders = {name: Path(prebuilt).absolute() for name in (*PACKAGES, RECEIVER)}
    else:
        target = Path(os.environ.get("CARGO_TARGET_DIR", project / "target")).absolute()
        folders = {name: target / "release" for name in PACKAGES} | {RECEIVER: target / "debug"}
        if not all((folder / name).exists() for name, folder in folders.items()):
            print("building the programs; the first time takes some minutes", flush=True)
        packages = [f"--package={name}" for name in PACKAGES]
        _build(project, "cargo", "build", "--quiet", "--release", "--locked", *packages)
        # Of the whole workspace, as `cargo run` and the tests build it: for one package cargo would
        # choose other features of its dependencies, and build those again.
        _build(project, "cargo", "build", "--quiet", "--locked", "--workspace", f"--bin={RECEIVER}")
    if missing := [name for name, folder in folders.items() if not (folder / name).exists()]:
        raise Failure(f"{folders[missing[0]]} has no {', no '.join(missing)}")
    return [folder / name for name, folder in folders.items()]


def _page(folder: Path) -> Path:
    page = folder / "dist"
    built = page / "index.html"
    if not built.exists() or built.stat().st_mtime < _changed(folder):
        print("building the page", flush=True)
        _build(folder, "npm", "ci", "--silent", "--no-audit", "--no-fund")
        _build(folder, "npm", "run", "--silent", "build")
    return page


def _changed(folder: Path) -> float:
    """When a source of the page was last changed."""
    newest = 0.0
    for place, folders, files in os.walk(folder):
        folders[:] = set(folders) - NO_SOURCES
        newest = max([newest, *(os.stat(os.path.join(place, name)).st_mtime for name in files)])
    return newest


def _as_user(folder: Path, *command: str) -> list[str]:
    """A command as that of the user who called sudo, whose the files and the tools are."""
    user = os.environ.get("SUDO_USER", "root")
    if user == "root":
        return list(command)
    line = f"cd {shlex.quote(str(folder))} && {shlex.join(command)}"
    return ["runuser", "--login", user, "--command", line]


def _build(folder: Path, *command: str) -> None:
    words = _as_user(folder, *command)
    if words[0] == command[0] and not shutil.which(command[0]):
        raise Failure(f"{command[0]} is not on PATH; the README says what a build needs")
    if subprocess.run(words, cwd=folder).returncode:
        raise Failure(f"`{shlex.join(command)}` failed; its reason stands above")


def _version(program: Path) -> str:
    """What a program calls itself; Jaeger answers to a subcommand only."""
    question = "version" if program.name in ("jaeger", "dex") else "--version"
    answer = subprocess.run([program, question], capture_output=True, text=True)
    number = re.search(r"\d+\.\d+\.\d+", answer.stdout + answer.stderr)
    return f"{number[0] if number else 'of unknown version'} ({program})"
