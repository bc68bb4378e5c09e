"""Each service killed, hung, and restarted under load: systemd brings it back, and no client of the
page's server is refused a connection."""

start_all()
wait_for_shop(machine)


def property_of(unit: str, name: str) -> str:
    return machine.succeed(f"systemctl show --value --property={name} {unit}.service").strip()


for unit, port in SERVICES.items():
    with subtest(f"{unit}: killed, it comes back, and who asks meanwhile is answered"):
        pid = property_of(unit, "MainPID")
        machine.succeed(f"kill -KILL {pid}")
        # The socket is systemd's: the connection waits until the service is back.
        machine.succeed(f"curl -sS --max-time 20 http://127.0.0.1:{port}/health")
        machine.wait_for_unit(f"{unit}.service")
        assert property_of(unit, "MainPID") != pid
        status, order, _ = buy(machine)
        assert status == 201, order

with subtest("hung, the watchdog ends each of them, and it comes back"):
    pids = {unit: property_of(unit, "MainPID") for unit in SERVICES}
    restarts = {unit: int(property_of(unit, "NRestarts")) for unit in SERVICES}
    machine.succeed(f"kill -STOP {' '.join(pids.values())}")
    for unit in SERVICES:
        eventually(
            f"the watchdog has restarted {unit}",
            lambda: (property_of(unit, "MainPID"), int(property_of(unit, "NRestarts"))),
            lambda now: now[0] not in ("0", pids[unit]) and now[1] > restarts[unit],
        )
        machine.succeed(f"journalctl --quiet --unit={unit}.service --grep='[Ww]atchdog timeout'")
    wait_for_shop(machine)
    assert buy(machine)[0] == 201

with subtest("restarted under load, no connection is refused and none breaks off"):
    for product in ("product1", "product2", "product3"):
        sold = sum(
            o["quantity"] for o in all_orders(machine) if o["productId"] == product and o["status"] == "CREATED"
        )
        shelf = {"quantity": 100_000 - sold}
        assert request(machine, "PUT", f"{FRONTEND}/api/inventory/{product}", shelf)[0] == 200
    machine.succeed(
        "systemd-run --quiet --unit=load --property=Type=exec"
        " -- $(command -v load-generator) --target http://127.0.0.1:3001 --rate 50 --duration 20s --report /tmp/report.json"
    )
    for _round in range(2):
        for unit in SERVICES:
            machine.succeed(f"systemctl restart {unit}.service")
    eventually(
        "the load has ended",
        lambda: machine.execute("systemctl is-active --quiet load.service")[0],
        lambda status: status != 0,
    )
    report = json.loads(machine.succeed("cat /tmp/report.json"))
    assert report["requests"] > 500, report
    kinds = {kind for endpoint in report["endpoints"].values() for kind in endpoint.get("failed", {})}
    assert not kinds & {"connect", "broken"}, report["endpoints"]

with subtest("a burst of errors is logged to the last one"):
    # More than journald takes of a unit in half a minute when it is not told otherwise: 10,000.
    machine.succeed("systemctl stop inventory-service.socket inventory-service.service")
    family = ("http_server_requests_seconds_count", 'status="503"')
    seen = "journalctl --quiet --unit=gateway-service.service --output=cat STATUS=503 | wc -l"
    before, logged = own_metric(machine, "gateway-service", *family), int(machine.succeed(seen))
    answered = 0.0
    while answered <= 10_000:
        machine.succeed(
            "load-generator --target http://127.0.0.1:8080 --rate 1500 --duration 5s --orders-only --report -"
        )
        answered = own_metric(machine, "gateway-service", *family) - before
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
    pids = {unit: property_of(unit, "MainPID") for unit in SERVICES}
    for unit in SERVICES:
        machine.succeed(f"systemctl reload {unit}.service")
        assert property_of(unit, "MainPID") == pids[unit], unit
        machine.succeed(f"journalctl --quiet --unit={unit}.service --grep='Reload'")

with subtest("through all of it, no order is left pending and the stock adds up"):
    machine.succeed("systemctl is-system-running || systemctl list-units --failed --quiet | (! grep -q .)")
    orders = eventually(
        "no order is pending",
        lambda: all_orders(machine),
        lambda orders: all(order["status"] != "PENDING" for order in orders),
    )
    for product, put in {"product1": 100_000, "product2": 100_000, "product3": 100_000}.items():
        sold = sum(o["quantity"] for o in orders if o["productId"] == product and o["status"] == "CREATED")
        assert stock(machine, product) + sold == put, product
