"""The machines of a test, rendered and installed, in the namespaces of the caller."""

from pathlib import Path
from typing import Any

from . import base_tree, cgroups
from .host import PROJECT
from .isolation import mount
from .machine import Machine
from .network import Network
from .programs import Programs
from .render import evaluate, render


def machines_of(
    test: str, tree: Path, programs: Programs, driver: int, *, network: bool
) -> list[Machine]:
    """One machine for each node of a test, by name, switched off. With a network they are on one
    bridge; without they have the host's."""
    # Nothing of the host's runtime folder is needed or touched: here the machines find their
    # network, and systemd-nspawn keeps its locks, under names that two runs may share.
    mount("--types", "tmpfs", "tmpfs", "/run")
    cgroups.unify()
    state = Path("/run/machines")
    layer = base_tree.layered(tree, state / "render")
    renderings = render(layer, PROJECT, test, list(programs.optional))
    cables = Network(list(renderings)) if network else None
    machines = []
    for name, rendering in sorted(renderings.items()):
        root = base_tree.layered(tree, state / name)
        machine = Machine(name, root, programs.places(), driver, cables)
        machine.install(rendering)
        machines.append(machine)
    return machines


def datasources(tree: Path) -> list[Any]:
    """Grafana's data sources, as they are provisioned; after the machines were made."""
    layer = base_tree.layered(tree, Path("/run/machines/datasources"))
    return evaluate(layer, PROJECT, "import /project/tests/machines/datasources.nix")
