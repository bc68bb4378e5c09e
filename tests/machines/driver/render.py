"""What Nix makes of the nodes of a test: the units and files of each machine."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .isolation import Failure, mount


@dataclass(frozen=True)
class Rendering:
    """What a machine is made of: texts by name, and the units that each target wants."""

    units: dict[str, str]
    wants: dict[str, list[str]]
    files: dict[str, str]


def render(root: Path, project: Path, test: str, programs: list[str]) -> dict[str, Rendering]:
    """The machines of a test, by name."""
    wanted = " ".join(map(json.dumps, programs))
    arguments = f"test = {json.dumps(test)}; programs = [ {wanted} ];"
    machines = evaluate(root, project, f"import /project/tests/machines/render.nix {{ {arguments} }}")
    return {name: Rendering(**machine) for name, machine in machines.items()}


def evaluate(root: Path, project: Path, expression: str) -> Any:
    """What an expression of the project's is, to the nix-instantiate of a machine's tree, so that
    the host needs none."""
    for source, target in ((project, root / "project"), (Path("/proc"), root / "proc")):
        target.mkdir(exist_ok=True)
        mount("--rbind", source, target)
    # Nothing is built, so no store is needed: the dummy one is not written to.
    nix = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", "--expr"]
    answer = subprocess.run(
        ["chroot", root, *nix, expression],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise Failure(f"`{expression}` could not be rendered:\n{answer.stderr.strip()}")
    return json.loads(answer.stdout)
