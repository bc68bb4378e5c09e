"""A control group for each machine, as two systemds in one would kill each other's services."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .isolation import mount

PREFIX = "hello-observability"
GROUPS = Path("/sys/fs/cgroup")


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


def sweep() -> None:
    """Removes the empty groups of this driver, and of those that were killed."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    for hierarchy in {Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"}:
        for group in hierarchy.glob(f"{PREFIX}-*"):
            driver = group.name.removeprefix(f"{PREFIX}-").split("-")[0]
            if driver == str(os.getpid()) or not Path("/proc", driver).exists():
                for folder, _, _ in os.walk(group, topdown=False):
                    with suppress(OSError):  # A process of a killed driver may still be ending.
                        os.rmdir(folder)
