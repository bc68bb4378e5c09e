"""The machines of a test, rendered and installed, in the namespaces of the caller."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from . import base_tree, cgroups
from .host import PROJECT
from .installation import install
from .isolation import mount
from .kernel import Kernel
from .machine import Machine
from .network import LOOPBACK, Network
from .programs import Programs
from .render import Rendering, evaluate, render
from .virtual_machine import VirtualMachine

STATE = Path("/run/machines")


def machines_of(
    test: str, tree: Path, programs: Programs, driver: int, *, network: bool
) -> list[Machine]:
    """One machine for each node of a test, by name, switched off. With a network they are on one
    bridge; without they have the host's."""
    _own_run()
    cgroups.unify()
    renderings = _renderings(test, tree, programs)
    cables = Network(list(renderings)) if network else None
    machines = []
    for name, rendering in sorted(renderings.items()):
        root = base_tree.layered(tree, STATE / name)
        install(root, name, cables.hosts() if cables else LOOPBACK, rendering)
        machines.append(Machine(name, root, programs.places(), driver, cables))
    return machines


def virtual_machines_of(
    test: str, tree: Path, programs: Programs, kernel: Kernel
) -> list[VirtualMachine]:
    """The same in QEMU, with a kernel of their own, without a network and without the optional
    programs, which take minutes to start when they are emulated."""
    _own_run()
    programs = replace(programs, optional={})
    machines = []
    for name, rendering in sorted(_renderings(test, tree, programs).items()):
        root = base_tree.layered(tree, STATE / name, kernel.layer)
        install(root, name, LOOPBACK, rendering)
        machines.append(VirtualMachine(name, root, programs.places(), kernel))
    return machines


def _own_run() -> None:
    """Nothing of the host's runtime folder is needed or touched: here the machines find their
    network, and systemd-nspawn keeps its locks, under names that two runs may share."""
    mount("--types", "tmpfs", "tmpfs", "/run")


def _renderings(test: str, tree: Path, programs: Programs) -> dict[str, Rendering]:
    layer = base_tree.layered(tree, STATE / "render")
    return render(layer, PROJECT, test, list(programs.optional))


def datasources(tree: Path) -> list[Any]:
    """Grafana's data sources, as they are provisioned; after the machines were made."""
    layer = base_tree.layered(tree, STATE / "datasources")
    return evaluate(layer, PROJECT, "import /project/tests/machines/datasources.nix")
