"""What every machine has in common that is a process of this host: its power and its console."""

import subprocess
import tempfile

from .words import RequestedAssertionFailed, Words


class Powered(Words):
    """A machine that is on for as long as its process lives, and writes its console to a file."""

    # How long it may take to end, in seconds.
    power_off: int

    def __init__(self, name: str) -> None:
        self.name = name
        self._console = tempfile.TemporaryFile()
        self._complaint = ""
        self._process: subprocess.Popen[bytes] | None = None

    def is_up(self) -> bool:
        """Whether the machine is on."""
        return self._process is not None

    def complaint(self) -> str:
        """What the last command wrote to its standard error."""
        return self._complaint

    def wait_for_shutdown(self) -> None:
        """Waits until the machine is off."""
        if not self._process:
            return
        try:
            self._process.wait(self.power_off)
        except subprocess.TimeoutExpired:
            bound = f"{self.power_off} s"
            raise RequestedAssertionFailed(f"{self.name}: still on after {bound}") from None
        self._process = None
        self._is_off()

    def log(self, msg: str) -> None:
        """Tells the reader something."""
        print(f"     {self.name}: {msg}", flush=True)

    def _is_off(self) -> None:
        """Forgets what was known of it while it was on."""

    def _on_console(self) -> str:
        self._console.seek(0)
        return self._console.read().decode(errors="replace")
