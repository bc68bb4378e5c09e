"""The words of the NixOS test driver, with its meanings; scripts are written in them.

What differs: a wait looks ten times a second at first, where the NixOS driver looks once a second.
"""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

# What the NixOS driver waits at most; a script that knows better says so.
PATIENCE = 900


class RequestedAssertionFailed(AssertionError):
    """What a script demanded does not hold."""


class Skipped(Exception):
    """A script has nothing to test here, and said so."""


def retry(look: Callable[[bool], bool], timeout_seconds: float = PATIENCE) -> None:
    """Looks until it is true, the last time with True as argument."""
    begun = time.monotonic()
    while time.monotonic() < begun + timeout_seconds:
        if look(False):
            return
        # A look costs some processes: the longer a wait, the rarer they are.
        time.sleep(min(max(0.1, (time.monotonic() - begun) / 10), 1))
    if not look(True):
        raise RequestedAssertionFailed(f"timed out after {timeout_seconds} s")


def bash(command: str, timeout: int | None) -> list[str]:
    """How a machine runs a line of bash, for at most `timeout` seconds."""
    limit = [] if timeout is None else ["timeout", str(timeout)]
    return [*limit, "bash", "-c", f"cd /tmp; set -euo pipefail; {command}"]


class Words(ABC):
    """What can be said to a machine that executes commands."""

    name: str
    # By how much more a wait may take than a script says: an emulated machine is slow.
    slowness = 1

    @abstractmethod
    def execute(
        self,
        command: str,
        check_return: bool = True,
        check_output: bool = True,
        timeout: int | None = PATIENCE,
    ) -> tuple[int, str]:
        """Runs a line of bash, and answers its exit status and its standard output."""

    def succeed(self, *commands: str, timeout: int | None = None) -> str:
        """Runs commands that must succeed, and answers what they wrote."""
        return "".join(self._demand(command, True, timeout) for command in commands)

    def fail(self, *commands: str, timeout: int | None = None) -> str:
        """Runs commands that must fail, and answers what they wrote."""
        return "".join(self._demand(command, False, timeout) for command in commands)

    def wait_until_succeeds(self, command: str, timeout: int = PATIENCE) -> str:
        """Repeats a command until it succeeds, and answers what it wrote then."""
        return self._repeat(command, True, timeout)

    def wait_until_fails(self, command: str, timeout: int = PATIENCE) -> str:
        """Repeats a command until it fails, and answers what it wrote then."""
        return self._repeat(command, False, timeout)

    def wait_for_unit(self, unit: str, user: str | None = None, timeout: int = PATIENCE) -> None:
        """Waits until a unit is active; ends at once when it has failed or nobody starts it."""

        def active(_last: bool) -> bool:
            state = self.get_unit_property(unit, "ActiveState", user)
            idle = state == "inactive" and "No jobs" in self.systemctl("list-jobs --full", user)[1]
            if idle:
                # It may have become active since the first look.
                state = self.get_unit_property(unit, "ActiveState", user)
                if state == "inactive":
                    raise RequestedAssertionFailed(
                        f"{self.name}: {unit} is inactive and there are no pending jobs"
                    )
            if state == "failed":
                raise RequestedAssertionFailed(f"{self.name}: {unit} has failed")
            return state == "active"

        self._wait(f"{unit} to be active", active, timeout)

    def require_unit_state(self, unit: str, require_state: str = "active") -> None:
        """Demands that a unit is in a state now."""
        state = self.get_unit_property(unit, "ActiveState")
        if state != require_state:
            raise RequestedAssertionFailed(f"{self.name}: {unit} is {state}, not {require_state}")

    def get_unit_info(self, unit: str, user: str | None = None) -> dict[str, str]:
        """All properties of a unit."""
        status, lines = self.systemctl(f'--no-pager show "{unit}"', user)
        if status:
            raise RequestedAssertionFailed(f"{self.name}: {unit} cannot be shown: status {status}")
        return dict(re.findall(r"^([^=\n]+)=(.*)$", lines, re.MULTILINE))

    def get_unit_property(self, unit: str, property: str, user: str | None = None) -> str:
        """One property of a unit."""
        status, line = self.systemctl(f'--no-pager show "{unit}" --property="{property}"', user)
        if status or "=" not in line:
            raise RequestedAssertionFailed(f"{self.name}: {unit} has no {property}: {line}")
        return line.rstrip("\n").partition("=")[2]

    def systemctl(self, q: str, user: str | None = None) -> tuple[int, str]:
        """Runs systemctl, for the machine or for a user's own manager."""
        return self.execute(f"systemctl {f'--user --machine={user}@ ' if user else ''}{q}")

    def start_job(self, jobname: str, user: str | None = None) -> tuple[int, str]:
        """Starts a unit."""
        return self.systemctl(f"start {jobname}", user)

    def stop_job(self, jobname: str, user: str | None = None) -> tuple[int, str]:
        """Stops a unit."""
        return self.systemctl(f"stop {jobname}", user)

    def wait_for_file(self, filename: str, timeout: int = PATIENCE) -> None:
        """Waits until a file exists."""
        self._wait(f"the file {filename}", lambda _: self._holds(f"test -e {filename}"), timeout)

    def wait_for_open_port(
        self, port: int, addr: str = "localhost", timeout: int = PATIENCE
    ) -> None:
        """Waits until somebody takes TCP connections."""
        self._wait(f"port {port} of {addr}", lambda _: self._open(port, addr), timeout)

    def wait_for_closed_port(
        self, port: int, addr: str = "localhost", timeout: int = PATIENCE
    ) -> None:
        """Waits until nobody takes TCP connections."""
        what = f"port {port} of {addr} to be closed"
        self._wait(what, lambda _: not self._open(port, addr), timeout)

    def sleep(self, secs: int) -> None:
        """Lets time pass in the machine."""
        self.succeed(f"sleep {secs}")

    def _open(self, port: int, addr: str) -> bool:
        return self._holds(f"exec 3<>/dev/tcp/{addr}/{port}")

    def _holds(self, command: str) -> bool:
        return self.execute(command)[0] == 0

    def _demand(self, command: str, success: bool, timeout: int | None) -> str:
        status, output = self.execute(command, timeout=timeout)
        if (status == 0) is not success:
            raise RequestedAssertionFailed(self._told(command, status, output))
        return output

    def _repeat(self, command: str, success: bool, timeout: int) -> str:
        status, output = 0, ""

        def done(_last: bool) -> bool:
            nonlocal status, output
            status, output = self.execute(command, timeout=timeout)
            return (status == 0) is success

        try:
            retry(done, timeout * self.slowness)
        except RequestedAssertionFailed as late:
            raise RequestedAssertionFailed(
                f"{late}, the last time: {self._told(command, status, output)}"
            ) from None
        return output

    def _wait(self, what: str, look: Callable[[bool], bool], timeout: int) -> None:
        try:
            retry(look, timeout * self.slowness)
        except RequestedAssertionFailed as late:
            if str(late).startswith("timed out"):
                raise RequestedAssertionFailed(f"{self.name}: {late} for {what}") from None
            raise

    @abstractmethod
    def complaint(self) -> str:
        """What the last command wrote to its standard error."""

    def _told(self, command: str, status: int, output: str) -> str:
        how = "succeeded" if status == 0 else f"failed with status {status}"
        written = "\n".join(filter(None, (output.strip(), self.complaint().strip())))
        return f"{self.name}: `{command}` {how}" + (f":\n{written}" if written else "")
