"""One machine: a systemd-nspawn container that keeps its disk from its first start to the end of
the test."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import cgroups
from .installation import inside
from .network import Network
from .powered import Powered
from .words import PATIENCE, RequestedAssertionFailed, bash

# systemd-nspawn keeps these from a container; IPAddressDeny= and SocketBindDeny= need them. A machine
# that shares the host's network goes without.
BPF = ("--capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN", "--system-call-filter=bpf")
ENVIRONMENT = {
    "PATH": "/opt/hello-observability/bin:/opt/programs/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LANG": "C.UTF-8",
}
# A boot takes a second; a machine under the load of another build gets a minute.
BOOT = 60


class Machine(Powered):
    """A machine in the words of the NixOS test driver."""

    # Above the 90 s after which systemd kills a unit that does not stop.
    power_off = 120

    def __init__(
        self, name: str, root: Path, places: dict[Path, str], driver: int, network: Network | None
    ) -> None:
        super().__init__(name)
        self._root, self._places, self._driver, self._network = root, places, driver, network
        self._leader: int | None = None

    def start(self) -> None:
        """Switches the machine on, and does not wait for it."""
        if self._process:
            return
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot"]
        command += ["--console=pipe", "--link-journal=no", "--resolv-conf=off", "--timezone=off"]
        command += [f"--machine={self.name}", f"--directory={self._root}"]
        if self._network:
            command += BPF
            command.append(f"--network-namespace-path={self._network.namespace(self.name)}")
            self._network.plug(self.name)
        for source, target in self._places.items():
            command.append(f"--bind-ro={str(source).replace(':', chr(92) + ':')}:{target}")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
            preexec_fn=cgroups.joiner(self._driver, self.name),
        )

    def execute(
        self,
        command: str,
        check_return: bool = True,
        check_output: bool = True,
        timeout: int | None = PATIENCE,
    ) -> tuple[int, str]:
        """Runs a line of bash as root in /tmp; see the NixOS test driver."""
        enter = _enter(self._connect())
        # A file, as a process left in the background may keep it open.
        with tempfile.TemporaryFile() as complaint:
            done = subprocess.Popen(
                enter + bash(command, timeout),
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if check_output else subprocess.DEVNULL,
                stderr=complaint,
            )
            if not check_output:
                return -2, ""
            output = done.communicate()[0].decode(errors="replace")
            complaint.seek(0)
            self._complaint = complaint.read().decode(errors="replace")
        return done.returncode if check_return else -1, output

    def shutdown(self) -> None:
        """Shuts the machine down in order."""
        if self._process:
            os.kill(self._connect(), signal.SIGRTMIN + 4)  # systemd(1): poweroff.target
            self.wait_for_shutdown()

    def crash(self) -> None:
        """Ends the machine at once, as when somebody pulls its plug."""
        if self._process:
            os.kill(self._connect(), signal.SIGKILL)
            self.wait_for_shutdown()

    def block(self) -> None:
        """Pulls the network's cable out."""
        assert self._network, "this machine has the network of the host"
        self._network.unplug(self.name)

    def unblock(self) -> None:
        """Puts it in again."""
        assert self._network, "this machine has the network of the host"
        self._network.plug(self.name)

    def beside(self, command: list[str], folder: Path, environment: dict[str, str]) -> int:
        """Runs a program of the host in the network of the machine, and answers its status."""
        assert self._network, "this machine has the network of the host"
        enter = ["nsenter", f"--net={self._network.namespace(self.name)}"]
        return subprocess.run(enter + command, cwd=folder, env=environment).returncode

    def copy_from_host(self, source: str, target: str) -> None:
        """Copies a file or a folder into the machine."""
        self._connect()
        inside(self._root, target)
        subprocess.run(["cp", "--recursive", source, f"{self._root}{target}"], check=True)

    def last_words(self, lines: int) -> str:
        """The end of the machine's journal, or of its console when it has none yet."""
        journal = ["journalctl", "--directory=/var/log/journal", "--quiet", "--no-pager"]
        read = ["chroot", self._root, *journal, f"--lines={lines}", "--output=short-precise"]
        written = subprocess.run(read, capture_output=True, text=True, errors="replace").stdout
        return written or self._on_console()

    def _is_off(self) -> None:
        self._leader = None
        if self._network:
            self._network.unplug(self.name)  # The kernel would go on answering pings.

    def _connect(self) -> int:
        """Starts the machine when it is off, and answers its first process once it has come as far
        as the shell of the NixOS driver needs: with all its file systems, services still starting.
        """
        self.start()
        assert self._process
        end = time.monotonic() + BOOT
        while not self._leader:
            leader = _systemd(self._process.pid)
            if leader and _ready(leader):
                self._leader = leader
            elif self._process.poll() is not None or time.monotonic() > end:
                raise RequestedAssertionFailed(f"{self.name} did not start:\n{self._on_console()}")
            else:
                time.sleep(0.02)
        return self._leader


def _enter(leader: int) -> list[str]:
    """What runs a command in a machine, without a way through its network or a login."""
    return ["nsenter", f"--target={leader}", "--all"]


def _ready(leader: int) -> bool:
    """Whether a machine has all its file systems and sockets."""
    ask = [*_enter(leader), "systemctl", "--quiet", "is-active", "basic.target"]
    return subprocess.run(ask, env=ENVIRONMENT, stderr=subprocess.DEVNULL).returncode == 0


def _systemd(nspawn: int) -> int | None:
    """The systemd below a systemd-nspawn, once it takes commands."""
    for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
        leader = Path("/proc", child)
        try:
            if (leader / "comm").read_text() == "systemd\n":
                if (leader / "root/run/systemd/private").exists():
                    return int(child)
        except OSError:
            pass  # It ended while it was looked at.
    return None
