"""Each service killed, hung, and restarted under load: systemd brings it back, and no client of the
page's server is refused a connection."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

LOG_FILTER = "/etc/hello-observability/log-filter"
SOCKETS = "/etc/hello-observability/sockets"

start_all()
wait_for_shop(machine)


def failed_with_a_line() -> float:
    """How often the gateway has answered 503, but for what it refused unread, having too much to do: that
    has no line of its own."""
    failed = own_metric(machine, "gateway-service", "http_server_requests_seconds_count", 'status="503"')
    return failed - own_metric(machine, "gateway-service", "http_server_requests_shed_total")


def restarts_of(unit: str) -> int:
    return int(machine.get_unit_property(f"{unit}.service", "NRestarts"))


for unit, port in SERVICES.items():
    with subtest(f"{unit}: killed, it comes back, and who asks meanwhile is answered"):
        pid = main_pid(machine, unit)
        machine.succeed(f"kill -KILL {pid}")
        # The socket is systemd's: the connection waits until the service is back.
        machine.succeed(f"curl -sS --max-time 20 http://127.0.0.1:{port}/health")
        machine.wait_for_unit(f"{unit}.service")
        assert main_pid(machine, unit) != pid
        status, order, _ = buy(machine)
        assert status == 201, order

with subtest("hung, the watchdog ends each of them, and it comes back"):
    pids = {unit: main_pid(machine, unit) for unit in SERVICES}
    restarts = {unit: restarts_of(unit) for unit in SERVICES}
    machine.succeed(f"kill -STOP {' '.join(pids.values())}")

    def hung(unit: str) -> bool:
        return main_pid(machine, unit) in ("0", pids[unit]) or restarts_of(unit) <= restarts[unit]

    eventually(
        "the watchdog has restarted every one",
        lambda: [unit for unit in SERVICES if hung(unit)],
        lambda still: not still,
    )
    for unit in SERVICES:
        machine.succeed(f"journalctl --quiet --unit={unit}.service --grep='[Ww]atchdog timeout'")
    wait_for_shop(machine)
    assert buy(machine)[0] == 201

with subtest("restarted under load, no connection is refused and none breaks off"):
    orders = all_orders(machine)
    for product in ("product1", "product2", "product3"):
        shelf = {"quantity": 100_000 - sold(orders, product)}
        assert request(machine, "PUT", f"{FRONTEND}/api/inventory/{product}", shelf)[0] == 200
    start_watchful_load(machine)
    for _round in range(6):
        for unit in SERVICES:
            machine.succeed(f"systemctl restart {unit}.service")
    report = end_watchful_load(machine)
    assert report["requests"] > 500, report

with subtest("a burst of errors is logged to the last one"):
    # More than journald takes of a unit in half a minute when it is not told otherwise: 10,000.
    machine.succeed("systemctl stop inventory-service.socket inventory-service.service")
    seen = "journalctl --quiet --unit=gateway-service.service --output=cat STATUS=503 | wc -l"
    before, logged = failed_with_a_line(), int(machine.succeed(seen))
    answered = 0.0
    while answered <= 10_000:
        machine.succeed(
            "load-generator --target http://127.0.0.1:8080 --rate 1500 --duration 5s --orders-only --report -"
        )
        answered = failed_with_a_line() - before
    machine.succeed("systemctl start inventory-service.socket inventory-service.service")
    eventually(
        "each of them has its access line",
        lambda: int(machine.succeed(seen)) - logged,
        lambda lines: lines == answered,
    )
    for unit in SERVICES:
        assert own_metric(machine, unit, "telemetry_logs_dropped_total") == 0, unit
    wait_for_shop(machine)

with subtest("a reload reads the log filter again and ends nobody"):
    pids = {unit: main_pid(machine, unit) for unit in SERVICES}
    for wish in ("debug", "info"):
        machine.succeed(f"rm {LOG_FILTER} && echo {wish} >{LOG_FILTER}")
        for unit in SERVICES:
            machine.succeed(f"systemctl reload {unit}.service")
            said = f"journalctl --quiet --unit={unit}.service --grep='log filter is now {wish}'"
            machine.wait_until_succeeds(said, timeout=60)
            assert main_pid(machine, unit) == pids[unit], unit

with subtest("a socket takes another address at a reload, and nothing else is touched"):

    def move(**ports: int) -> None:
        """Does to the machine what a switch to other ports does, up to the reload."""
        machine.succeed(f"cp {SOCKETS} /tmp/sockets && rm {SOCKETS}")
        for part, port in ports.items():
            for kind, text in {
                "socket": f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{port}\n",
                "service": f"[Service]\nEnvironment=PORT={port}\n",
            }.items():
                folder = f"/run/systemd/system/{part}.{kind}.d"
                machine.succeed(f"mkdir -p {folder} && printf '{text}' >{folder}/moved.conf")
            machine.succeed(f"sed -i 's/^{part} .*/{part} 127.0.0.1:{port}/' /tmp/sockets")
        machine.succeed(f"cp /tmp/sockets {SOCKETS}")
        machine.succeed("systemctl daemon-reload")

    def reload() -> None:
        machine.succeed("systemctl reload hello-observability-sockets.service")

    def answers(port: int, path: str) -> None:
        machine.succeed(f"curl -sSf --max-time 10 http://127.0.0.1:{port}{path}")

    pids = {unit: main_pid(machine, unit) for unit in SERVICES}
    reload()
    assert {unit: main_pid(machine, unit) for unit in SERVICES} == pids, "nothing has moved"

    move(frontend=13001)
    reload()
    answers(13001, "/health")
    machine.fail("curl -sS --max-time 10 http://127.0.0.1:3001/health")
    still = {unit: main_pid(machine, unit) for unit in SERVICES}
    assert still.pop("frontend") != pids.pop("frontend") and still == pids, (still, pids)

    # An address that is taken: the reload fails, and the next one tries again.
    machine.succeed("systemd-run --quiet --unit=taken -- $(command -v python3) -m http.server --bind 127.0.0.1 13002")
    machine.wait_for_open_port(13002)
    move(frontend=13002)
    machine.fail("systemctl reload hello-observability-sockets.service")
    machine.succeed("systemctl stop taken.service")
    reload()
    answers(13002, "/health")

    # Who was stopped stays so, and opens at the new address when it is started.
    machine.succeed("systemctl stop frontend.socket frontend.service")
    move(frontend=13003)
    reload()
    machine.fail("systemctl is-active --quiet frontend.socket")
    machine.succeed("systemctl start frontend.socket")
    answers(13003, "/health")
    move(frontend=3001)
    reload()

    # Neither address is free before both sockets are closed.
    move(**{"product-service": 8082, "inventory-service": 8081})
    reload()
    answers(8082, "/products")
    answers(8081, "/inventory/product1")
    move(**{"product-service": 8081, "inventory-service": 8082})
    machine.succeed("rm /run/systemd/system/*.d/moved.conf && systemctl daemon-reload")
    reload()
    wait_for_shop(machine)
    assert buy(machine)[0] == 201

with subtest("one word stops the shop with its sockets, another starts it; what watches it goes on"):
    watches = main_pid(machine, "prometheus")
    machine.succeed("systemctl stop hello-observability.target")
    for unit, port in SERVICES.items():
        machine.fail(f"systemctl is-active --quiet {unit}.service")
        machine.fail(f"curl -sS --max-time 10 http://127.0.0.1:{port}/health")
    machine.succeed("systemctl start hello-observability.target")
    wait_for_shop(machine)
    assert buy(machine)[0] == 201
    assert main_pid(machine, "prometheus") == watches

with subtest("one control group holds it all"):
    group = machine.get_unit_property("hello-observability.slice", "ControlGroup")
    inside = machine.succeed(f"ls /sys/fs/cgroup{group}")
    for unit in (*SERVICES, "prometheus", "prometheus-node-exporter"):
        assert f"{unit}.service" in inside, (unit, inside)

with subtest("a service that cannot start is tried ever more slowly, however many wait, and comes back"):
    wrong, starts = "/run/systemd/system/order-service.service.d/wrong.conf", "--grep='^Starting' | wc -l"
    count = f"journalctl --quiet --unit=order-service.service --output=cat {starts}"
    machine.succeed(f"mkdir -p $(dirname {wrong}) && printf '[Service]\nEnvironment=PORT=none\n' >{wrong}")
    machine.succeed("systemctl daemon-reload")
    before_it = int(machine.succeed(count))
    machine.succeed(f"kill -KILL {main_pid(machine, 'order-service')}")
    # It waits in the backlog of the socket, which is all that systemd needs to start a service.
    machine.fail("curl -sS --max-time 5 http://127.0.0.1:8083/health")
    tries = int(machine.succeed(count)) - before_it
    assert 2 <= tries <= 8, tries
    machine.succeed(f"rm {wrong} && systemctl daemon-reload")
    machine.succeed("curl -sSf --max-time 60 http://127.0.0.1:8083/health")

with subtest("through all of it, no order is left pending and the stock adds up"):
    machine.succeed("systemctl is-system-running || systemctl list-units --failed --quiet | (! grep -q .)")
    orders = eventually(
        "no order is pending",
        lambda: all_orders(machine),
        lambda orders: all(order["status"] != "PENDING" for order in orders),
    )
    for product, put in {"product1": 100_000, "product2": 100_000, "product3": 100_000}.items():
        assert stock(machine, product) + sold(orders, product) == put, product
