"""The network of a test: each machine has a namespace with one interface, on one bridge.

Addresses and names are those of the NixOS test driver: 192.168.1.1, .2, ... by alphabet, on eth1.
"""

import subprocess
from pathlib import Path

LOOPBACK = "127.0.0.1 localhost\n::1 localhost\n"


class Network:
    """Made in the network namespace of the caller, which holds the bridge."""

    def __init__(self, machines: list[str]) -> None:
        self.machines = sorted(machines)
        _ip("link", "add", "bridge", "type", "bridge")
        _ip("link", "set", "bridge", "up")
        for name in self.machines:
            _ip("netns", "add", name)
            peer = ["type", "veth", "peer", "name", "eth1", "netns", name]
            _ip("link", "add", self._cable(name), *peer)
            _ip("link", "set", self._cable(name), "up")
            _ip("-n", name, "address", "add", f"{self.address(name)}/24", "dev", "eth1")
            _ip("-n", name, "link", "set", "eth1", "up")

    def namespace(self, machine: str) -> Path:
        """The namespace of a machine; it outlives a reboot."""
        return Path("/run/netns", machine)

    def address(self, machine: str) -> str:
        """The address of a machine."""
        return f"192.168.1.{self._number(machine)}"

    def hosts(self) -> str:
        """The /etc/hosts of every machine."""
        lines = [f"{self.address(name)} {name}" for name in self.machines]
        return LOOPBACK + "\n".join([*lines, ""])

    def plug(self, machine: str) -> None:
        """Puts the cable of a machine in.

        At the bridge, as an interface that goes up may take a second until it carries."""
        _ip("link", "set", self._cable(machine), "master", "bridge")

    def unplug(self, machine: str) -> None:
        """Pulls it out."""
        _ip("link", "set", self._cable(machine), "nomaster")

    def _number(self, machine: str) -> int:
        return self.machines.index(machine) + 1

    def _cable(self, machine: str) -> str:
        # By number, as the name of an interface has 15 characters at most.
        return f"cable{self._number(machine)}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
