"""What a machine is made of, written into its tree before its first start."""

import uuid
from pathlib import Path

from .render import Rendering

UNITS = "/usr/local/lib/systemd/system"


def install(root: Path, name: str, hosts: str, rendering: Rendering) -> None:
    """Writes the name of a machine, its neighbours, its units and its files."""
    # Without an identity of its own systemd takes the start for the first, and enables all it knows.
    texts = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": hosts,
        "/etc/machine-id": f"{uuid.uuid4().hex}\n",
        **{f"{UNITS}/{unit}": text for unit, text in rendering.units.items()},
        **rendering.files,
    }
    for path, text in texts.items():
        inside(root, path).write_text(text)
    for target, wanted in rendering.wants.items():
        for unit in wanted:
            inside(root, f"{UNITS}/{target}.wants/{unit}").symlink_to(f"{UNITS}/{unit}")


def inside(root: Path, path: str) -> Path:
    """A path of a machine as the driver sees it, with its folder made."""
    place = Path(f"{root}{path}")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
