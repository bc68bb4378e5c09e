"""One machine with a kernel of its own: QEMU, with KVM where the host has it. It keeps its disk from
its first start to the end of the test.

What a container of this host cannot show is seen here: what the kernel enforces.
"""

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from .host import CACHE
from .installation import inside
from .isolation import Failure, mount
from .kernel import Kernel
from .machine import ENVIRONMENT
from .powered import Powered
from .words import PATIENCE, RequestedAssertionFailed, bash

# As large as those of the NixOS test (default.nix): the stores reserve more than they fill.
DISK, MEMORY, PROCESSORS = "4G", "2G", 2
# Emulated on a loaded host, a boot takes up to three minutes; with KVM seconds.
BOOT = 600
# How much slower than a container an emulated machine is, by what a start of the shop takes.
EMULATED = 10
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet panic=-1"
# A service that is slow only because its processor is emulated does not hang.
EMULATED_LINE = f"{KERNEL_LINE} systemd.service_watchdogs=no"
SHELL = Path(__file__).with_name("shell.py")
SHELL_PLACE = "/usr/local/lib/driver/shell.py"
SHELL_UNIT = """\
[Unit]
Description=Shell of the test driver

[Service]
ExecStart=python3 {place}
Environment={environment}
TasksMax=infinity
LimitNOFILE=infinity
"""


class VirtualMachine(Powered):
    """A machine in the words of the NixOS test driver, without a network."""

    power_off = 300

    def __init__(self, name: str, root: Path, places: dict[Path, str], kernel: Kernel) -> None:
        super().__init__(name)
        self._kernel, self._accelerated = kernel, _has_kvm()
        self.slowness = 1 if self._accelerated else EMULATED
        _install_shell(root)
        for source, target in places.items():
            place = inside(root, target)
            place.mkdir(exist_ok=True) if source.is_dir() else place.touch()
            mount("--bind", source, place)
        self._disk = _disk_of(root)
        self._shell: Any = None

    def start(self) -> None:
        """Switches the machine on, and does not wait for it."""
        if self._process:
            return
        self._begun = time.monotonic()
        how = "with KVM" if self._accelerated else "emulated, as this host has no KVM"
        self.log(f"boots {how}")
        accelerator = ["kvm", "-cpu", "host"] if self._accelerated else ["tcg", "-cpu", "max"]
        port = self._port()
        port.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                *("qemu-system-x86_64", "-accel", *accelerator, "-machine", "q35"),
                *("-m", MEMORY, "-smp", str(PROCESSORS), "-nodefaults", "-display", "none"),
                *("-kernel", self._kernel.image, "-initrd", self._kernel.initrd),
                *("-append", KERNEL_LINE if self._accelerated else EMULATED_LINE, "-no-reboot"),
                # Of a disk that nobody keeps nothing has to be written out.
                *("-drive", f"file={_open_path(self._disk)},format=raw,if=virtio,cache=unsafe"),
                *("-serial", "stdio", "-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
                *("-chardev", f"socket,id=driver,path={port},server=on,wait=off"),
                *("-device", "virtserialport,chardev=driver,name=driver"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
        )

    def execute(
        self,
        command: str,
        check_return: bool = True,
        check_output: bool = True,
        timeout: int | None = PATIENCE,
    ) -> tuple[int, str]:
        """Runs a line of bash as root in /tmp; see the NixOS test driver."""
        bound = None if timeout is None else timeout * self.slowness
        answer = self._ask({"command": bash(command, bound), "wait": check_output})
        self._complaint = answer["complaint"]
        status = answer["status"] if check_return or not check_output else -1
        return status, answer["output"]

    def shutdown(self) -> None:
        """Shuts the machine down in order."""
        if self._process:
            self.execute("systemctl poweroff --no-block", check_output=False)
            self.wait_for_shutdown()

    def crash(self) -> None:
        """Ends the machine at once, as when somebody pulls its plug."""
        if self._process:
            self._process.kill()
            self.wait_for_shutdown()

    def last_words(self, lines: int) -> str:
        """The end of the machine's journal, or of its console when it does not answer."""
        if self._shell:
            journal = f"journalctl --quiet --no-pager --lines={lines} --output=short-precise"
            try:
                return self.execute(journal, timeout=30)[1]
            except RequestedAssertionFailed:
                pass
        return "\n".join(self._on_console().splitlines()[-lines:])

    def _ask(self, request: dict[str, Any]) -> Any:
        shell = self._connect()
        try:
            shell.write(json.dumps(request).encode() + b"\n")
            shell.flush()
            line = shell.readline()
        except OSError:
            line = b""
        if not line:
            raise RequestedAssertionFailed(f"{self.name} ended:\n{self._on_console()}")
        return json.loads(line)

    def _connect(self) -> Any:
        """Starts the machine when it is off, and answers its shell once that greets: with all its
        file systems, services still starting."""
        self.start()
        if not self._shell:
            connection = self._plug_in()
            connection.settimeout(BOOT)
            shell = connection.makefile("rwb")
            try:
                greeting = shell.readline()
            except TimeoutError:
                greeting = b""
            if not greeting:
                raise RequestedAssertionFailed(f"{self.name} did not start:\n{self._on_console()}")
            connection.settimeout(None)
            self._shell = shell
            self.log(f"takes commands after {time.monotonic() - self._begun:.0f} s")
        return self._shell

    def _plug_in(self) -> socket.socket:
        """The other end of the machine's port, as soon as QEMU has made it."""
        assert self._process
        connection = socket.socket(socket.AF_UNIX)
        while True:
            try:
                connection.connect(str(self._port()))
                return connection
            except OSError:
                if self._process.poll() is not None:
                    raise Failure(f"QEMU ended:\n{self._on_console()}") from None
                time.sleep(0.05)

    def _port(self) -> Path:
        return Path(f"/run/{self.name}.port")

    def _is_off(self) -> None:
        self._shell = None


def _has_kvm() -> bool:
    """Whether this host can run a machine with its processor: the device alone says little, as a
    virtual host may offer one that runs nothing."""
    flags = re.search(r"^flags\s*:.* (vmx|svm)\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return flags is not None and os.access("/dev/kvm", os.R_OK | os.W_OK)


def _install_shell(root: Path) -> None:
    inside(root, SHELL_PLACE).write_bytes(SHELL.read_bytes())
    environment = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    unit = SHELL_UNIT.format(place=SHELL_PLACE, environment=environment)
    units = "/etc/systemd/system"
    inside(root, f"{units}/driver.service").write_text(unit)
    inside(root, f"{units}/multi-user.target.wants/driver.service").symlink_to("../driver.service")


def _disk_of(root: Path) -> Any:
    """A disk with a copy of the tree; a file without a name, which is gone with the driver."""
    disk = tempfile.TemporaryFile(dir=CACHE)
    make = ["mke2fs", "-q", "-F", "-t", "ext4", "-d", root, _open_path(disk), DISK]
    subprocess.run(make, check=True)
    return disk


def _open_path(file: Any) -> str:
    """The path of an open file that has none."""
    return f"/proc/{os.getpid()}/fd/{file.fileno()}"
