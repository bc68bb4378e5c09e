"""Long: Who could not tell of trouble is told of, too: targets, spans, lines and alerts that do not arrive, and
a label without bound; each with its runbook."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

machine.start()
start_receivers(machine)
wait_for_shop(machine)
wait_for_back_ends(machine)
traces = "jaeger.service" if has_jaeger else "trace-receiver.service"

with subtest("the alert that always fires reaches the dead man's switch, and nobody else"):
    eventually(
        "the switch is told", lambda: received(machine, "dead-mans-switch"), lambda all: bool(all), 90
    )
    assert not any(
        "Watchdog" in json.dumps(one) for kind in EVERYBODY for one in received(machine, kind)
    )

# Two faults that have to last, while the others come and go.
begun_blind = begun_series = now(machine)
if has_logs:
    drop_in = "/run/systemd/system/promtail.service.d"
    machine.succeed(
        f"mkdir -p {drop_in} && printf '[Service]\\nTemporaryFileSystem=/var/log/journal /run/log/journal\\n'"
        f" >{drop_in}/blind.conf && systemctl daemon-reload && systemctl restart promtail.service"
    )
# Short, as it goes into one command.
series = "\n".join(f'c{{id="{number}"}} 1' for number in range(5500))
start_stand_in(
    machine,
    shop_unit("product-service"),
    8081,
    {
        "GET /actuator/prometheus": (200, f"{series}\n"),
        "GET /products": (200, '[{"id":"product1","name":"Product 1","price":10.99}]'),
    },
)
start_load(machine, "--rate 5 --forever")
machine.wait_for_unit("load.service")

with subtest("spans that cannot be sent"):
    begun = now(machine)
    machine.succeed(f"systemctl stop {traces}")
    machine.execute(f"load-generator --target {FRONTEND} --rate 50 --duration 60s --restock --report -")
    is_told(machine, "SpansDropped", begun, 240)
    machine.succeed(f"systemctl start {traces}")

with subtest("a back end that is away, as nobody would see it otherwise"):
    begun = now(machine)
    machine.succeed("systemctl stop prometheus-node-exporter.service")
    is_told(machine, "TargetMissing", begun, 150, job="node")
    over = now(machine)
    machine.succeed("systemctl start prometheus-node-exporter.service")
    is_told(machine, "TargetMissing", over, 180, status="resolved", job="node")

with subtest("Alertmanager away: who was not told is told when it is back"):
    begun = now(machine)
    machine.succeed("systemctl stop alertmanager.service")
    eventually("Prometheus notices", lambda: firing(machine), lambda alerts: "AlertsNotSent" in alerts, 240)
    machine.succeed("systemctl start alertmanager.service")
    is_told(machine, "AlertsNotSent", begun, 360)

with subtest("a service whose label has values without bound"):
    is_told(machine, "TooManySeries", begun_series, 600, service="product-service")
    series_over = now(machine)
    stop_stand_in(machine, shop_unit("product-service"), 8081)
    is_told(machine, "TooManySeries", series_over, 180, status="resolved", service="product-service")

if has_logs:
    with subtest("Promtail does not see the journal: requests are answered, and no line comes"):
        is_told(machine, "LogsMissing", begun_blind, 900, service="gateway-service")
        over = now(machine)
        machine.succeed(f"rm -r {drop_in} && systemctl daemon-reload && systemctl restart promtail.service")
        is_told(machine, "LogsMissing", over, 240, status="resolved", service="gateway-service")

    with subtest("Loki refuses what it is sent"):
        begun = now(machine)
        start_stand_in(machine, "loki.service", 3100, {"POST /loki/api/v1/push": (400, "no")})
        is_told(machine, "LogsNotStored", begun, 120)
        stop_stand_in(machine, "loki.service", 3100)
        wait_for_back_ends(machine)
else:
    skip("alerts about lines", LOGS_MISSING)

with subtest("a journal that hangs: lines are dropped, and no request waits for it"):
    machine.succeed("systemctl stop load.service")
    pid = main_pid(machine, "systemd-journald")
    begun = now(machine)
    machine.succeed(f"kill -STOP {pid}")
    try:
        machine.execute(f"load-generator --target {FRONTEND} --rate 400 --duration 40s --restock --report /run/report")
        is_told(machine, "LogsDropped", begun, 120)
    finally:
        machine.succeed(f"kill -CONT {pid}")
