"""QEMU only: the kernel holds each service to its unit: memory under a flood of slow clients, tasks of a
runaway, ports that may not be bound, addresses that may not be reached.

A container takes these settings and need not enforce them. What is tried here is tried twice: within
the control group of the running service, and outside of it, where it works.
"""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

# Opens connections to a port, says the same on each, and holds them. Told: port, how many, how many
# bytes of filling follow the head, and the folder of the head, in which it says when all are open.
FLOOD = """
import pathlib, resource, signal, socket, sys

port, count, filling = map(int, sys.argv[1:4])
folder = pathlib.Path(sys.argv[4])
said = (folder / "head").read_bytes() + b"x" * filling
files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
streams = []
for _ in range(count):
    stream = socket.create_connection(("127.0.0.1", port), timeout=60)
    stream.setblocking(False)
    try:
        stream.send(said)
    except OSError:
        pass  # One that has given way already takes nothing any more.
    streams.append(stream)
(folder / "opened").touch()
signal.pause()
"""

# Forks until it cannot, at most so many times; says how often and why it ended. The children end at
# once and nobody reaps them: they count as tasks, and hold next to no memory.
RUNAWAY = """
import os, sys

forks, why = 0, "enough"
while forks < int(sys.argv[1]):
    try:
        child = os.fork()
    except OSError as error:
        why = error.strerror
        break
    if not child:
        os._exit(0)
    forks += 1
print(forks, why)
"""

# Listens on a port for a moment.
BIND = """
import socket, sys

with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET) as listener:
    listener.bind((sys.argv[1], int(sys.argv[2])))
    listener.listen()
"""

# Sends a datagram, which tells at once whether the kernel lets it go.
SEND = """
import socket, sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.sendto(b"hello", (sys.argv[1], int(sys.argv[2])))
"""

# Holds so many bytes, each of them written.
HOLD = """
import sys

held = b"x" * int(sys.argv[1])
"""

PROGRAMS = {"flood": FLOOD, "runaway": RUNAWAY, "bind": BIND, "send": SEND, "hold": HOLD}
FOLDER = "/run/enforced"
# Twice as many as a service has places (services/server/limits.json).
SLOW_HEADS = 4096
# As many as a service keeps at once, nearly.
SLOW_BODIES = 2000
# A neighbour in a network of its own, at an address that is kept for documentation (RFC 5737).
OUTSIDE, HERE = "192.0.2.2", "192.0.2.1"


def run_of(name: str, *arguments: object) -> str:
    """The command that runs one of the programs above."""
    return f"$(command -v python3) {FOLDER}/{name}.py {' '.join(map(str, arguments))}"


def group_of(unit: str) -> str:
    """The folder of a service's control group."""
    return "/sys/fs/cgroup" + machine.get_unit_property(f"{unit}.service", "ControlGroup")


def within(unit: str, command: str) -> str:
    """The same command within the control group of a service, held to what the service is held to."""
    return f"( echo $BASHPID >{group_of(unit)}/cgroup.procs && {command} )"


def counted(unit: str, file: str, event: str = "") -> int:
    """What the kernel counts of a service: a number, or that of an event."""
    pattern = f"^{event} " if event else "^"
    return int(machine.succeed(f"grep '{pattern}' {group_of(unit)}/{file}").split()[-1])


def limit_of(unit: str, name: str) -> int:
    return int(machine.get_unit_property(f"{unit}.service", name))


def answers(unit: str) -> bool:
    return machine.execute(f"curl -sf --max-time 60 http://127.0.0.1:{SERVICES[unit]}/health")[0] == 0


def refused(unit: str, command: str) -> None:
    """What works outside of a service's control group is not permitted within."""
    machine.succeed(command)
    told = machine.fail(f"{within(unit, command)} 2>&1")
    assert "Operation not permitted" in told, told


def flood(unit: str, connections: int, head: str, filling: int) -> None:
    """Floods a service; it answers meanwhile, stays below its limit, and is not killed."""
    pid, limit = main_pid(machine, unit), limit_of(unit, "MemoryMax")
    machine.succeed(f"rm -f {FOLDER}/opened && printf '{head}' >{FOLDER}/head")
    machine.succeed(
        f"systemd-run --quiet --collect --unit=flood --property=LimitNOFILE=16384"
        f" -- {run_of('flood', SERVICES[unit], connections, filling, FOLDER)}"
    )
    machine.wait_for_file(f"{FOLDER}/opened", timeout=120)
    held = int(machine.succeed(f"ss -Htn state established sport = :{SERVICES[unit]} | wc -l"))
    assert answers(unit)
    machine.succeed("systemctl stop flood.service")
    ended = machine.succeed(f"journalctl --quiet --output=cat --no-pager _PID=1 UNIT={unit}.service | tail -n 5")
    assert main_pid(machine, unit) == pid, f"{unit} was started anew:\n{ended}"
    assert counted(unit, "memory.events", "oom_kill") == 0
    peak = counted(unit, "memory.peak")
    log.info(f"{held} connections held, at most {peak >> 20} of {limit >> 20} MiB")
    assert peak < limit, (peak, limit)


start_all()
wait_for_shop(machine)
machine.succeed(f"mkdir -p {FOLDER}")
for name, text in PROGRAMS.items():
    machine.succeed(f"cat >{FOLDER}/{name}.py <<'EOF'\n{text}\nEOF")
machine.succeed(
    "ip netns add outside",
    "ip link add here type veth peer name there netns outside",
    f"ip address add {HERE}/24 dev here && ip link set here up",
    f"ip -n outside address add {OUTSIDE}/24 dev there && ip -n outside link set there up",
    "systemd-run --quiet --unit=outside -- $(command -v ip) netns exec outside $(command -v python3) -m http.server 8000",
)

with subtest("tasks: a runaway ends at TasksMax=, and the service goes on"):
    for unit in SERVICES:
        pid, most = main_pid(machine, unit), limit_of(unit, "TasksMax")
        forks, why = machine.succeed(within(unit, run_of("runaway", 2 * most))).split(maxsplit=1)
        assert most / 2 < int(forks) < most, (unit, forks)
        assert why.strip() == "Resource temporarily unavailable", why
        assert counted(unit, "pids.peak") <= most
        assert counted(unit, "pids.events", "max") >= 1
        assert answers(unit) and main_pid(machine, unit) == pid
    forks, why = machine.succeed(run_of("runaway", 2 * most)).split(maxsplit=1)
    assert int(forks) == 2 * most and why.strip() == "enough", (forks, why)

with subtest("ports: a service binds none, and takes connections on the one that systemd gave it"):
    for unit in SERVICES:
        for address, port in (("127.0.0.1", 0), ("0.0.0.0", 9999), ("::1", 9999)):
            refused(unit, run_of("bind", address, port))
        assert answers(unit)

with subtest("addresses: a service reaches its peers, and nobody outside"):
    machine.wait_until_succeeds(f"curl -sf --max-time 10 http://{OUTSIDE}:8000/", timeout=60)
    for unit in SERVICES:
        for peer in SERVICES.values():
            machine.succeed(within(unit, f"curl -sf --max-time 60 http://127.0.0.1:{peer}/health"))
        # Packets that the kernel drops are asked for again until the time is up.
        machine.fail(within(unit, f"curl -sf --max-time 5 http://{OUTSIDE}:8000/"))
        refused(unit, run_of("send", OUTSIDE, 9999))

with subtest("memory: more than MemoryMax= ends a unit, less does not"):
    limit = limit_of("gateway-service", "MemoryMax")
    margin = 32 << 20
    hold = f"systemd-run --quiet --wait --property=MemoryMax={limit} --unit"
    machine.succeed(f"{hold}=modest -- {run_of('hold', limit - margin)}")
    machine.fail(f"{hold}=glutton -- {run_of('hold', limit + margin)}")
    assert machine.get_unit_property("glutton.service", "Result") == "oom-kill"

for unit in ("gateway-service", "order-service"):
    path = "/api/orders" if unit == "gateway-service" else "/orders"

    with subtest(f"memory: slow heads stay within the unit of {unit}"):
        begun = f"GET {path} HTTP/1.1\\r\\nhost: shop\\r\\nx-slow: "
        flood(unit, SLOW_HEADS, begun, 20_000)

    with subtest(f"memory: slow bodies stay within the unit of {unit}"):
        head = f"POST {path} HTTP/1.1\\r\\nhost: shop\\r\\ncontent-type: application/json\\r\\ncontent-length: 65536\\r\\n\\r\\n"
        flood(unit, SLOW_BODIES, head, 60_000)

with subtest("and after all that the shop sells"):
    assert buy(machine)[0] == 201
