"""Runs one test: its machines, its script, and what there is to say when it fails."""

import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import TestCase

from . import browser, report
from .host import PROJECT
from .kernel import Kernel
from .machine import Machine
from .programs import OPTIONAL, Programs
from .stage import datasources, machines_of, virtual_machines_of
from .virtual_machine import VirtualMachine
from .words import RequestedAssertionFailed, Skipped, retry

SCRIPTS = PROJECT / "tests/machines/scripts"
# Said before each script: what it has to know about the world it runs in, and what it may use.
PRELUDES = tuple(SCRIPTS / f"{name}.py" for name in ("world", "queries", "panels", "alerting"))
DASHBOARDS = sorted((PROJECT / "dashboards").glob("*.json"))
SCENARIO_FILES = sorted((PROJECT / "services/scenario/scenarios").glob("*.json"))
# As much of each journal as somebody reads.
JOURNAL_LINES = 60


class Asserted(TestCase):
    """`t` of a script: unittest's assertions."""

    failureException = RequestedAssertionFailed


class Log:
    """`log` of a script."""

    def info(self, message: str) -> None:
        """Tells the reader something."""
        print(report.indented(message), flush=True)

    log = warning = error = info


class Script:
    """A test in the namespaces of the caller, which end with it."""

    def __init__(
        self, test: str, tree: Path, programs: Programs, driver: int, kernel: Kernel | None
    ) -> None:
        self.test, self.programs, self.outcome = test, programs, report.Outcome()
        self.machines: list[Machine] | list[VirtualMachine] = (
            virtual_machines_of(test, tree, programs, kernel)
            if kernel
            else machines_of(test, tree, programs, driver, network=True)
        )
        self.datasources = datasources(tree)

    def run(self) -> report.Outcome:
        """Runs the script, and tells what came of it."""
        begun = time.monotonic()
        words = self._words()
        try:
            for script in (*PRELUDES, SCRIPTS / f"{self.test}.py"):
                exec(compile(script.read_text(), script, "exec"), words)
            self.outcome.passed = True
        except Skipped:
            self.outcome.passed = True
        except Exception as error:
            self._explain(error)
        how = "passed" if self.outcome.passed else "FAILED"
        colour = "green" if self.outcome.passed else "red"
        print(report.paint(f"== {self.test} {how} in {time.monotonic() - begun:.1f} s", colour))
        return self.outcome

    def start_all(self) -> None:
        """Starts all machines, and waits for none."""
        for machine in self.machines:
            machine.start()

    def join_all(self) -> None:
        """Waits until all machines are off."""
        for machine in self.machines:
            machine.wait_for_shutdown()

    @contextmanager
    def subtest(self, name: str) -> Iterator[None]:
        """A part of the test, with its time."""
        begun, passed = time.monotonic(), False
        try:
            yield
            passed = True
        finally:
            report.part(name, time.monotonic() - begun, passed)

    def skip(self, what: str, program: str) -> None:
        """Says what the test goes without."""
        self.outcome.skips.append(report.skipped(self.test, what, program))
        if os.environ.get("NO_SKIPS"):
            raise RequestedAssertionFailed(f"NO_SKIPS is set, and {program} is not on PATH")

    def skip_all(self, program: str) -> None:
        """Ends a test that is nothing without a program."""
        self.skip("the whole test", program)
        raise Skipped

    def _words(self) -> dict[str, Any]:
        """The global names of a script: those of the NixOS driver, and ours."""
        by_name = {re.sub(r"\W", "_", machine.name): machine for machine in self.machines}
        if len(self.machines) == 1:
            by_name["machine"] = self.machines[0]
        return {
            **by_name,
            "machines": self.machines,
            "start_all": self.start_all,
            "join_all": self.join_all,
            "subtest": self.subtest,
            "retry": retry,
            "log": Log(),
            "t": Asserted(),
            "dashboards": {path.stem: json.loads(path.read_text()) for path in DASHBOARDS},
            "scenarios": {path.stem: json.loads(path.read_text()) for path in SCENARIO_FILES},
            "datasources": self.datasources,
            # Where the budgets of memory were measured; on NixOS false.
            "has_budget": True,
            # NixOS has every program; there it is empty.
            "missing_programs": set(OPTIONAL) - set(self.programs.optional),
            "skip": self.skip,
            "skip_all": self.skip_all,
            # NixOS has no host with a browser.
            "has_browser": browser.is_there(),
            "browse": browser.test,
        }

    def _explain(self, error: Exception) -> None:
        """Tells where the script failed and why, and how the machines ended."""
        frames = traceback.extract_tb(sys.exc_info()[2])
        ours = [frame for frame in frames if Path(frame.filename).parent == SCRIPTS]
        expected = isinstance(error, AssertionError) or frames[-1] in ours
        for line in traceback.format_list(ours if expected else frames):
            print(line, end="")
        print(report.paint(f"{type(error).__name__}: {error}", "red"))
        for machine in self.machines:
            print(f"-- the last {JOURNAL_LINES} lines of the journal of {machine.name}:")
            print(report.indented(machine.last_words(JOURNAL_LINES)), flush=True)
