"""What others reach, and what they may read: one port is asked for, and only that one answers to
another machine; no secret stands in a unit, a command line, an environment or a log."""

OUR_PORTS = {*SERVICES.values(), *PLAIN.values(), 9090, 3100, 9080, 9095, 9100, 3000, 16685, 16686, 4317, 4318}
OUR_PORTS |= {14268, 6831, 13133, 8888, 8889}
TOKEN = "Bearer-4f1c9a77d0"
# Finds the secret, and not the command that looks for it.
PATTERN = "Bearer-4f1c9a77d[0]"

start_all()
# The services wait for their secret, which no package and no unit holds.
machine.succeed(f"mkdir -p -m 0700 /var/lib/secrets && echo 'authorization={TOKEN}' >/var/lib/secrets/otlp-headers")
wait_for_shop(machine)
wait_for_back_ends(machine)
# It ends, and is started again, as long as there is no shop to buy from.
machine.wait_for_unit("load-generator.service")

with subtest("only the page is reached from another machine"):
    booted(client)
    client.wait_until_succeeds("curl -sf --max-time 5 http://machine:3001/health", timeout=60)
    status, order, _ = buy(client, door="http://machine:3001")
    assert status == 201, order
    listening = machine.succeed("ss --no-header --tcp --udp --listening --numeric | awk '{print $5}'")
    ports = sorted({int(address.rsplit(":", 1)[1]) for address in listening.split()})
    assert {*SERVICES.values(), *PLAIN.values(), 9090} <= set(ports), ports
    for port in ports:
        # The one that answers shows that what asks can tell.
        asked = client.succeed if port == 3001 else client.fail
        asked(f"timeout 2 bash -c '</dev/tcp/machine/{port}'")

with subtest("every other listener of ours is on loopback"):
    for address in listening.split():
        host, _, heard = address.rpartition(":")
        if heard != "3001" and int(heard) in OUR_PORTS:
            assert host.startswith(("127.", "[::1]")), address

with subtest("each unit of ours is rated at most 1.5 by systemd-analyze"):
    ours = [*SERVICES, "load-generator", *(["jaeger"] if has_jaeger else []), *(["promtail"] if has_logs else [])]
    for unit in ours:
        machine.succeed(f"systemd-analyze security --no-pager --threshold=15 {unit}.service")

with subtest("each runs as a user of its own who owns nothing but its state"):
    users = set()
    for unit in ours:
        pid = main_pid(machine, unit)
        uid = machine.succeed(f"stat --format=%u /proc/{pid}").strip()
        assert uid != "0", unit
        users.add(uid)
        machine.fail(f"grep -q '^CapEff:.*[1-9a-f]' /proc/{pid}/status")
    assert len(users) == len(ours), users
    for unit in ("product-service", "inventory-service", "order-service"):
        mode = machine.succeed(f"stat --format=%a /var/lib/private/{unit}").strip()
        assert mode == "700", mode

with subtest("the secret reaches the service, and is readable nowhere else"):
    for unit in SERVICES:
        # systemd's own folder of the unit, in the unit's own namespace.
        pid = main_pid(machine, unit)
        credential = f"/proc/{pid}/root/run/credentials/{unit}.service/otlp-headers"
        machine.succeed(f"grep -q '{PATTERN}' {credential}")
        for telling in ("systemctl cat", "systemctl show", "journalctl --quiet --unit"):
            assert TOKEN not in machine.succeed(f"{telling} {unit}.service"), (telling, unit)
    # Processes that end meanwhile make an error of it, which is none.
    running = machine.succeed("cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null || true")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=" in running and TOKEN not in running
    # Through links, which on NixOS all of /etc are; of files alone, as a pipe would be waited for.
    places = "/etc /run/systemd /usr/local/lib/systemd"
    found = machine.execute(f"find -L {places} -type f -exec grep -ls '{PATTERN}' {{}} + 2>/dev/null")[1]
    assert found == "", found
