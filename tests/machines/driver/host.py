"""What machines need of this host: its tools, the Debian tree, and the programs."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import base_tree, kernel, programs
from .isolation import Failure, isolated

PROJECT = Path(__file__).parents[3]
CACHE = PROJECT / "target/machines"
# Suites of Debian: the stable one, and the one with the next systemd and a Prometheus 3, as NixOS has.
SUITES = ("trixie", "sid")
# The tools that this needs of a host, and the Debian packages that have them.
TOOLS = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
PACKAGES = " ".join(sorted(set(TOOLS.values())))
# What a machine with a kernel of its own needs beside them.
VIRTUAL_TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "mke2fs": "e2fsprogs"}
VIRTUAL_PACKAGES = " ".join(sorted(VIRTUAL_TOOLS.values()))


def prepare(program: str, suite: str = SUITES[0]) -> tuple[Path, programs.Programs]:
    """The Debian tree and the programs, made when there is need; `program` asks for it."""
    _demand(TOOLS)
    if os.geteuid():
        raise Failure(f"machines need root: sudo {program} (it builds as you, not as root)")
    return isolated(lambda: _prepare(suite), network=False)


def prepare_kernel(tree: Path) -> kernel.Kernel:
    """A kernel for machines of this tree, made when there is need."""
    _demand(VIRTUAL_TOOLS)
    return isolated(lambda: _prepare_kernel(tree), network=False)


def _demand(tools: dict[str, str]) -> None:
    if missing := sorted({package for tool, package in tools.items() if not shutil.which(tool)}):
        raise Failure(f"this host lacks tools: apt-get install {' '.join(missing)}")


def _prepare(suite: str) -> tuple[Path, programs.Programs]:
    with _alone():
        return base_tree.prepare(CACHE, suite), programs.prepare(PROJECT)


def _prepare_kernel(tree: Path) -> kernel.Kernel:
    with _alone():
        return kernel.prepare(CACHE, tree)


@contextmanager
def _alone() -> Iterator[None]:
    """One run prepares at a time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
