"""The command line, and the order of things."""

import argparse
import ast
import os
import signal
import sys
import textwrap
from functools import partial
from pathlib import Path

from . import cgroups, host, report
from .isolation import Failure, isolated
from .script import PRELUDES, SCRIPTS, Script
from .side_by_side import side_by_side

# A test waits more than it works, for intervals and alerts: four of them, with all back ends, use a bit more
# than one core. They have room in the 8 GB of a small host, and more would not end sooner than the longest.
AT_ONCE = min(2 * len(os.sched_getaffinity(0)), 4)
# These begin first, so that none of them is left to run alone when the others have ended.
LONGEST = ("scenarios", "identity-spire", "identity", "dashboards")
# Nothing runs beside them: one measures memory, one has a browser draw with all cores.
ALONE = ("figures", "grafana-browser")
HELP = """\
Runs the machine tests on this Debian host: the scripts that `nix flake check` runs on NixOS
machines, here on systemd-nspawn machines that are rendered from the same Nix code. The host needs
no Nix; it needs root, Rust, Node.js, and:
  apt-get install {packages}

Prometheus and the node exporter come from Debian. Loki, Promtail, Jaeger and Grafana are taken from
PATH; what cannot be tested without one of them is listed as SKIPPED and counted.

What only a kernel of its own enforces is tested in QEMU when it is named; without KVM that takes some
minutes. It needs also:
  apt-get install --no-install-recommends {virtual_packages}"""
EPILOG = """\
examples:
  tests/machines/run                          all tests
  tests/machines/run order-flow --repeat 10   one test, ten times with new machines
  tests/machines/run --suite sid              on the next Debian, with a newer systemd and Prometheus
  PATH=$PATH:/opt/jaeger tests/machines/run   with a program from elsewhere

environment:
  SHOP_BIN_DIR   a folder of built programs; nothing is compiled then
  NO_SKIPS=1     a test that would skip something fails
  NO_COLOR=1     no colours on a terminal

The last line counts: `3 passed, 0 failed, 0 skipped`. The exit status is 1 when a test failed, 2
when the host is not fit to run one. A run leaves nothing behind but target/machines, however it
ends; several may run at the same time."""


def main() -> int:
    """Does what the command line asks for."""
    scripts = [path for path in sorted(SCRIPTS.glob("*.py")) if path not in PRELUDES]
    tests = {path.stem: _purpose(path) for path in scripts}
    here = [test for test, purpose in tests.items() if not purpose.startswith("NixOS only")]
    long = [test for test in here if tests[test].startswith("Long:")]
    virtual = [test for test in here if tests[test].startswith("QEMU only:")]
    arguments = _arguments(here)
    if arguments.list:
        for test, purpose in tests.items():
            indent = {"initial_indent": f"{test:18}", "subsequent_indent": " " * 18}
            print(textwrap.fill(purpose, 100, **indent))
        return 0
    # So that an end by a signal is one in order, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        named = arguments.test or [test for test in here if test not in long + virtual]
        alone = [test for test in named if test in ALONE]
        beside = [test for test in named if test not in ALONE]
        beside.sort(key=lambda test: LONGEST.index(test) if test in LONGEST else len(LONGEST))
        turns = [(beside * arguments.repeat, arguments.at_once), (alone * arguments.repeat, 1)]
        outcome = _run(turns, virtual, arguments.suite)
        for test in long if not arguments.test else []:
            print(f"SKIPPED {test}: it takes many minutes; run tests/machines/run {test}")
        for test in virtual if not arguments.test else []:
            print(f"SKIPPED {test}: it needs QEMU; run tests/machines/run {test}")
        return outcome
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(turns: list[tuple[list[str], int]], virtual: list[str], suite: str) -> int:
    """Runs tests turn by turn, in each so many of them at a time."""
    cgroups.sweep()
    tree, found = host.prepare("tests/machines/run", suite)
    named = {test for tests, _ in turns for test in tests}
    kernel = host.prepare_kernel(tree) if named & set(virtual) else None

    def run(test: str) -> report.Outcome:
        print(f"\n== {test}")
        own = kernel if test in virtual else None
        driver = os.getpid()
        try:
            return isolated(lambda: Script(test, tree, found, driver, own).run(), network=True)
        finally:
            cgroups.sweep()

    outcomes: list[report.Outcome] = []
    for tests, at_once in turns:
        outcomes += side_by_side([partial(run, test) for test in tests], at_once)
    print()
    return report.summary(outcomes)


def _arguments(tests: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/machines/run",
        description=HELP.format(packages=host.PACKAGES, virtual_packages=host.VIRTUAL_PACKAGES),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("test", nargs="*", metavar="TEST", help="a test (all but the long ones and those in QEMU when none is named)")
    parser.add_argument("--list", action="store_true", help="list the tests and what they show")
    parser.add_argument(
        "--repeat", type=int, default=1, metavar="N", help="run everything N times (1)"
    )
    parser.add_argument(
        "--at-once",
        type=int,
        choices=range(1, 17),
        default=AT_ONCE,
        metavar="N",
        help=f"run N tests at a time, fewer while the processors are busy, and {', '.join(ALONE)} alone; each is shown when it has ended ({AT_ONCE} on this host)",
    )
    parser.add_argument(
        "--suite",
        choices=host.SUITES,
        default=host.SUITES[0],
        help=f"the Debian suite of the machines ({host.SUITES[0]})",
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.test) - set(tests):
        parser.error(f"there is no test {', '.join(sorted(unknown))}; there are {', '.join(tests)}")
    return arguments


def _purpose(script: Path) -> str:
    """The first sentence of what a script says about itself."""
    said = ast.get_docstring(ast.parse(script.read_text())) or ""
    return " ".join(said.split("\n\n")[0].split())
