"""A kernel of its own for machines in QEMU: a layer over the Debian tree, made once."""

import hashlib
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .base_tree import layered
from .isolation import Failure

RECIPE = Path(__file__).with_name("kernel.sh")


@dataclass(frozen=True)
class Kernel:
    """What QEMU boots, and the layer that has its modules."""

    layer: Path

    @property
    def image(self) -> Path:
        """The kernel itself."""
        return next(self.layer.glob("boot/vmlinuz-*"))

    @property
    def initrd(self) -> Path:
        """What it needs to find its disk."""
        return next(self.layer.glob("boot/initrd.img-*"))


def prepare(cache: Path, tree: Path) -> Kernel:
    """The kernel of the present recipe for this tree, installed when there is none."""
    layer = cache / f"kernel-{tree.name}-{hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:12]}"
    if not layer.exists():
        _make(cache, tree, layer)
    kernel = Kernel(layer)
    print(f"kernel: {kernel.image.name.removeprefix('vmlinuz-')}", flush=True)
    return kernel


def _make(cache: Path, tree: Path, layer: Path) -> None:
    log, partial, begun = cache / "kernel.log", cache / "kernel-partial", time.monotonic()
    print("installing a kernel for the machines; this takes a minute, once", flush=True)
    shutil.rmtree(partial, ignore_errors=True)
    root = layered(tree, partial)
    with log.open("wb") as output:
        made = subprocess.run([RECIPE, root], stdout=output, stderr=subprocess.STDOUT)
    subprocess.run(["umount", "--recursive", root], check=True)
    if made.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Failure(f"the kernel could not be installed; the end of {log}:\n{last}")
    (partial / "written").rename(layer)
    shutil.rmtree(partial)
    print(f"installed the kernel in {time.monotonic() - begun:.0f} s", flush=True)
