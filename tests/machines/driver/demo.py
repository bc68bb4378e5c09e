"""The demonstration: one machine with everything, on the ports of the contract on this host."""

import argparse
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from . import cgroups, host
from .isolation import Failure, isolated
from .machine import ENVIRONMENT
from .programs import OPTIONAL, Programs
from .stage import machines_of

HELP = """\
Boots a machine with the whole system on this Debian host: the shop, Prometheus, and those of Loki,
Promtail, Jaeger and Grafana that are on PATH, each a unit of a real systemd. All of it listens on 127.0.0.1.
The host needs no Nix; it needs root, Rust, Node.js, and:
  apt-get install {packages}

Ctrl-C ends it, and nothing is left but target/machines, the Debian tree that the next start uses."""
# As tests/machines/demo.nix names it.
MACHINE = "hello-observability"
# Where to get what Debian has no package of.
SOURCES = {
    "loki": "Grafana's Debian repository: https://apt.grafana.com",
    "promtail": "Grafana's Debian repository: https://apt.grafana.com",
    "jaeger": "https://github.com/jaegertracing/jaeger/releases",
    "grafana": "Grafana's Debian repository: https://apt.grafana.com",
}
# What is asked until it answers, before the doors are shown.
READY = {
    "http://127.0.0.1:3001/health": None,
    "http://127.0.0.1:8083/health": None,
    "http://127.0.0.1:9090/-/ready": None,
    "http://127.0.0.1:3100/ready": "loki",
    "http://127.0.0.1:13133/status": "jaeger",
    "http://127.0.0.1:3000/api/health": "grafana",
}
DOORS = [
    ("the shop", "http://127.0.0.1:3001", None),
    ("its API", "http://127.0.0.1:8080/api/openapi.json", None),
    ("Prometheus", "http://127.0.0.1:9090", None),
    ("what fires", "http://127.0.0.1:9090/alerts", None),
    ("Grafana", "http://127.0.0.1:3000", "grafana"),
    ("Jaeger", "http://127.0.0.1:16686", "jaeger"),
    ("Loki", "http://127.0.0.1:3100", "loki"),
]
TOUR = """
A first tour:
  1. Open the shop, buy something, and press "Follow this order" (이 주문 따라가기).
  2. The log lines of an order, by its trace, from the journal of the machine:
       trace=$(curl -si 127.0.0.1:3001/api/orders -H 'Content-Type: application/json' \\
         -d '{"productId":"product1","quantity":1}' | grep -i ^traceresponse | cut -d- -f2)
       sudo tests/machines/demo --run journalctl TRACE_ID=$trace
  3. How many were sold: curl -s 127.0.0.1:9090/api/v1/query?query=shop_orders_total
  4. Break it, and find out what is wrong: sudo tests/machines/demo --run scenario list
Ctrl-C ends all of it."""
# All that listens; a port that is taken would only show as a unit that does not start.
PORTS = [3001, 8080, 8081, 8082, 8083, 9090, 9093, 9100, 4318]
OPTIONAL_PORTS = {
    "loki": [3100, 9095],
    "promtail": [9080],
    "jaeger": [16686, 16685, 4317, 14268, 13133, 8888, 8889],
    "grafana": [3000],
}


def main() -> int:
    """Starts it, and waits until somebody has seen enough."""
    parser = argparse.ArgumentParser(
        prog="tests/machines/demo",
        description=HELP.format(packages=host.PACKAGES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--load", action="store_true", help="with ten users who look and buy")
    parser.add_argument(
        "--run", nargs=argparse.REMAINDER, metavar="COMMAND", help="run a command in the machine"
    )
    arguments = parser.parse_args()
    if arguments.run:
        return _run(arguments.run)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        tree, programs = host.prepare("tests/machines/demo")
        _check_ports(programs)
        cgroups.sweep()
        test, driver = ("demo-load" if arguments.load else "demo"), os.getpid()
        isolated(lambda: _show(test, tree, programs, driver), network=False)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    finally:
        cgroups.sweep()
    print("nothing is left of it")
    return 0


def _run(command: list[str]) -> int:
    if not (leader := cgroups.leader(MACHINE)):
        print("error: no demonstration runs: sudo tests/machines/demo", file=sys.stderr)
        return 2
    # The programs of the machine, not those of this host.
    environment = ENVIRONMENT | {"TERM": os.environ.get("TERM", "dumb")}
    enter = ["nsenter", f"--target={leader}", "--all"]
    return subprocess.run([*enter, *command], env=environment).returncode


def _show(test: str, tree: Path, programs: Programs, driver: int) -> None:
    (machine,) = machines_of(test, tree, programs, driver, network=False)
    begun = time.monotonic()
    machine.start()
    for url, program in READY.items():
        if program is None or program in programs.optional:
            machine.wait_until_succeeds(f"curl -sf --max-time 5 {url}", timeout=60)
    print(f"the machine runs after {time.monotonic() - begun:.1f} s\n")
    _greet(programs)
    if "grafana" in programs.optional:
        password = machine.succeed("cat /var/lib/grafana-secrets/admin-password")
        print(f"  Grafana's user is admin, with the password {password}")
    print(TOUR, flush=True)
    signal.pause()


def _greet(programs: Programs) -> None:
    for what, url, program in DOORS:
        if program is None or program in programs.optional:
            print(f"  {what:10}  {url}")
    for program in OPTIONAL:
        if program not in programs.optional:
            print(f"  {program:10}  is not on PATH; you get it from {SOURCES[program]}")


def _check_ports(programs: Programs) -> None:
    ports = PORTS + [port for name in programs.optional for port in OPTIONAL_PORTS[name]]
    for port in ports:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise Failure(f"127.0.0.1:{port} is taken: stop what listens there") from None
