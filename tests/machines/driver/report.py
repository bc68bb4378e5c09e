"""What the reader sees: each part of a test with its time, and the outcome of all."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

COLOURS = {"green": "32", "red": "31", "yellow": "33"}
# Asked once: a test may write to a file that is shown on the terminal later.
COLOURED = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@dataclass
class Outcome:
    """What came of one test."""

    passed: bool = False
    skips: list[str] = field(default_factory=list)


def paint(text: str, colour: str) -> str:
    """Colours a text for a terminal whose user does not mind."""
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if COLOURED else text


def part(name: str, seconds: float, passed: bool) -> None:
    """Tells what came of a subtest."""
    mark = paint("ok  ", "green") if passed else paint("FAIL", "red")
    print(f"{mark} {seconds:6.2f} s  {name}", flush=True)


def indented(text: str) -> str:
    """What belongs to the line above."""
    return "\n".join(f"     {line}" for line in text.splitlines())


def skipped(test: str, what: str, program: str) -> str:
    """Tells what a test goes without; the line is counted by others as well."""
    line = f"SKIPPED {test}: {what} for want of {program}"
    print(paint(line, "yellow"), flush=True)
    return line


def summary(outcomes: Iterable[Outcome]) -> int:
    """Ends the run: lists what was skipped once more, counts, and answers the exit status."""
    outcomes = list(outcomes)
    passed = sum(outcome.passed for outcome in outcomes)
    failed = len(outcomes) - passed
    skips = [line for outcome in outcomes for line in outcome.skips]
    for line in dict.fromkeys(skips):
        print(line)
    print(f"{passed} passed, {failed} failed, {len(skips)} skipped", flush=True)
    return 1 if failed else 0
