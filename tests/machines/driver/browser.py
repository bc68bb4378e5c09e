"""What a person sees: pages of a machine in a browser of the host, clicked by tests of Playwright."""

import os
import shutil
import subprocess
from pathlib import Path

from .host import CACHE, PROJECT
from .isolation import Failure
from .machine import Machine
from .words import RequestedAssertionFailed

FOLDER = PROJECT / "tests/browser"
# Where the pictures are kept.
PICTURES = CACHE / "pictures"


def is_there() -> bool:
    """Whether this host has a browser."""
    return Path(os.environ.get("CHROMIUM", "/usr/bin/chromium")).exists()


def test(machine: Machine, suite: str, name: str, **facts: str) -> None:
    """Runs the tests of a file of a suite, a folder of tests/browser, in the network of a machine.

    They are told the facts as variables of the environment."""
    if not (FOLDER / "node_modules/.bin/playwright").exists():
        _install()
    environment = {**os.environ, **facts, "PICTURES": str(PICTURES)}
    command = ["npx", "playwright", "test", f"--config={suite}/playwright.config.ts", f"{name}.spec.ts"]
    if status := machine.beside(command, FOLDER, environment):
        raise RequestedAssertionFailed(f"{suite}/{name}.spec.ts failed with status {status}")


def _install() -> None:
    if not shutil.which("npm"):
        raise Failure("npm is not on PATH; the README says what a build needs")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER, check=True)
