"""A control group for each machine, as two systemds in one would kill each other's services."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .isolation import mount

PREFIX = "hello-observability"
GROUPS = Path("/sys/fs/cgroup")
# Processes that were killed are gone within milliseconds; a loaded host gets a thousand times that.
ENDING = 10


def unify() -> None:
    """Shows the unified hierarchy where systemd looks for it, also on a host with version 1.

    For the mount namespace of a test alone."""
    if not (GROUPS / "cgroup.controllers").exists():
        mount("--types", "cgroup2", "cgroup2", GROUPS)


def joiner(driver: int, machine: str) -> Callable[[], object]:
    """What a process calls to move into the group of a machine.

    Right below the root, where a host's systemd offers all controllers."""
    group = GROUPS / f"{PREFIX}-{driver}-{machine}"
    group.mkdir(exist_ok=True)
    return lambda: (group / "cgroup.procs").write_text("0")


def leader(machine: str) -> int | None:
    """The first process of a running machine of this name, as this host numbers it."""
    for group in _groups(f"{PREFIX}-*-{machine}"):
        for processes in group.glob("**/init.scope/cgroup.procs"):
            if found := sorted(map(int, processes.read_text().split())):
                return found[0]
    return None


def sweep() -> None:
    """Removes the empty groups of this driver, and of those that were killed."""
    for group in _groups(f"{PREFIX}-*"):
        driver = group.name.removeprefix(f"{PREFIX}-").split("-")[0]
        if driver == str(os.getpid()):
            _remove(group, time.monotonic() + ENDING)
        elif not Path("/proc", driver).exists():
            _remove(group, time.monotonic())


def _groups(pattern: str) -> list[Path]:
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    hierarchies = {Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"}
    return [group for hierarchy in hierarchies for group in hierarchy.glob(pattern)]


def _remove(group: Path, end: float) -> None:
    """Removes a group once its processes have ended."""
    while group.exists():
        for folder, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):  # A process may still be ending.
                os.rmdir(folder)
        if time.monotonic() > end:
            return
        time.sleep(0.05)
