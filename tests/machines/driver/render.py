"""What Nix makes of the nodes of a test: the units and files of each machine."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .isolation import Failure, mount


@dataclass(frozen=True)
class Rendering:
    """What a machine is made of: texts by name, and the units that each target wants."""

    units: dict[str, str]
    wants: dict[str, list[str]]
    files: dict[str, str]


def render(root: Path, project: Path, test: str, programs: list[str]) -> dict[str, Rendering]:
    """Asks the nix-instantiate of a machine's tree, so that the host needs none."""
    for source, target in ((project, root / "project"), (Path("/proc"), root / "proc")):
        target.mkdir(exist_ok=True)
        mount("--rbind", source, target)
    wanted = " ".join(map(json.dumps, programs))
    call = f"import /project/tests/machines/render.nix {{ test = {json.dumps(test)}; "
    # Nothing is built, so no store is needed: the dummy one is not written to.
    nix = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", "--expr"]
    answer = subprocess.run(
        ["chroot", root, *nix, call + f"programs = [ {wanted} ]; }}"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise Failure(f"the machines of {test} could not be rendered:\n{answer.stderr.strip()}")
    return {name: Rendering(**machine) for name, machine in json.loads(answer.stdout).items()}
