"""Long: Services that are dead, hang, do not stay up, or are at a limit are told in time: to a webhook, to
what takes Slack's webhooks, and by mail, each with its runbook; and when it is over, that too."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

# Connections to a port that are never idle for long enough to be closed.
HOLD = """
import http.client, sys, time

connections = [http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])) for _ in range(int(sys.argv[2]))]
while True:
    for connection in connections:
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            connection.close()
    time.sleep(3)
"""


def alerts_on_page() -> dict[str, Any]:
    """What the System page shows, by name, with why nobody is told of it."""
    overview = get(machine, f"{FRONTEND}/system/overview") or {"alerts": []}
    return {alert["name"]: alert["muted"] for alert in overview["alerts"]}


def restart_with_line(service: str, line: str) -> None:
    """Restarts a service so that a line stands in its log."""
    drop_in = f"/run/systemd/system/{service}.service.d"
    machine.succeed(
        f"mkdir -p {drop_in} && cat >{drop_in}/line.conf <<EOF\n"
        f'[Service]\nExecStartPre=$(type -P echo) "{line}"\nEOF'
    )
    machine.succeed(f"systemctl daemon-reload && systemctl restart {service}.service")
    machine.succeed(f"rm -r {drop_in} && systemctl daemon-reload")


machine.start()
start_receivers(machine)
wait_for_shop(machine)
wait_for_back_ends(machine)

# Both for five minutes, while the rest is provoked; neither service is touched by it.
limits_begun = now(machine)
machine.succeed(f"cat >/run/hold.py <<'EOF'\n{HOLD}\nEOF")
machine.succeed("systemd-run --quiet --unit=hold -- $(command -v python3) /run/hold.py 3001 100")
# Its own files besides, and some are free still.
machine.succeed(f"prlimit --pid {main_pid(machine, 'frontend')} --nofile=140:140")

with subtest("every rule is worked out without an error"):
    groups = get(machine, f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 100, len(rules)
    eventually(
        "every rule is well",
        lambda: [
            (rule["name"], rule.get("lastError"))
            for group in get(machine, f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]
            for rule in group["rules"]
            if rule["health"] == "err"
        ],
        lambda ill: ill == [],
    )

with subtest("a service that is stopped, with its socket"):
    begun = now(machine)
    machine.succeed(f"systemctl stop {shop_unit('product-service')}")
    is_told(machine, "ServiceDown", begun, BOUND, service="product-service")
    over = now(machine)
    machine.succeed(f"systemctl start {shop_unit('product-service')}")
    wait_for_shop(machine)
    is_told(machine, "ServiceDown", over, 120, status="resolved", service="product-service")

with subtest("a dead service silences what customers feel of it"):
    begun = now(machine)
    machine.succeed(f"systemctl stop {shop_unit('inventory-service')}")
    is_told(machine, "ServiceDown", begun, BOUND, service="inventory-service")
    start_load(machine, "--rate 20 --duration 90s --orders-only --restock")
    symptoms = {"ServerErrors", "OrdersFailFast"}
    eventually("customers feel it", lambda: firing(machine), lambda alerts: bool(alerts & symptoms), 180)
    assert not any(told(machine, alert, "firing", begun) for alert in symptoms)
    on_page = eventually(
        "the page shows both",
        alerts_on_page,
        lambda alerts: "ServiceDown" in alerts and bool(symptoms & set(alerts)),
    )
    assert on_page["ServiceDown"] is None, on_page
    assert all(on_page[alert] == "inhibited" for alert in symptoms & set(on_page)), on_page
    machine.succeed(f"systemctl stop load.service; systemctl start {shop_unit('inventory-service')}")
    wait_for_shop(machine)

with subtest("a service that hangs is restarted by its watchdog, and told"):
    begun = now(machine)
    machine.succeed(f"kill -STOP {main_pid(machine, 'gateway-service')}")
    is_told(machine, "UnitRestarted", begun, 120, service="gateway-service")
    if has_logs:
        is_told(machine, "WatchdogTimeout", begun, 120, service="gateway-service")
    wait_for_shop(machine)

with subtest("a service that is killed again and again does not stay up"):
    begun = now(machine)
    for _ in range(6):
        machine.succeed(f"kill -KILL {main_pid(machine, 'order-service')}")
        machine.wait_until_succeeds(f"curl -sf --max-time 20 http://127.0.0.1:{SERVICES['order-service']}/health", timeout=60)
        # The node exporter is asked every five seconds.
        machine.sleep(3)
    is_told(machine, "UnitFlapping", begun, 120, service="order-service")

if has_logs:
    has_limits = machine.execute("test -e /sys/fs/cgroup/system.slice/memory.max")[0] == 0
    with subtest("a service that needs more memory than it may have"):
        begun = now(machine)
        if has_limits:
            limit = machine.get_unit_property("inventory-service.service", "MemoryMax")
            machine.succeed("systemctl set-property --runtime inventory-service.service MemoryMax=3M")
            is_told(machine, "OutOfMemory", begun, 120, service="inventory-service")
            machine.succeed(f"systemctl set-property --runtime inventory-service.service MemoryMax={limit}")
        else:
            log.info("this host hands no memory controller to the machine: systemd's line is imitated")
            restart_with_line("inventory-service", "Failed with result 'oom-kill'.")
            is_told(machine, "OutOfMemory", begun, 120, service="inventory-service")
        wait_for_shop(machine)

    with subtest("the line that a panic leaves, as no request is known that makes a service panic"):
        begun = now(machine)
        restart_with_line("order-service", "a task panicked: this is a test")
        is_told(machine, "TaskPanicked", begun, 120, service="order-service")
else:
    skip("alerts of Loki's ruler", LOGS_MISSING)

with subtest("a unit that failed, while Slack refuses what it is told: the others are told that, too"):
    begun = now(machine)
    machine.succeed(f"touch {TOLD}/refuse-slack")
    machine.execute("systemd-run --quiet --unit=broken -- false")
    is_told(machine, "AlertsNotDelivered", begun, 240, to={"webhook", "mail"}, integration="slack")
    machine.succeed(f"rm {TOLD}/refuse-slack")
    is_told(machine, "UnitFailed", begun, 240, name="broken.service")
    over = now(machine)
    machine.succeed("systemctl reset-failed broken.service")
    is_told(machine, "UnitFailed", over, 180, status="resolved", name="broken.service")

with subtest("services near their limits of open files and of memory, for five minutes"):
    is_told(machine, "OpenFilesNearLimit", limits_begun, 900, service="frontend")
    is_told(machine, "MemoryNearLimit", limits_begun, 900, service="product-service")
    over = now(machine)
    machine.succeed("systemctl stop hold.service; systemctl restart frontend.service")
    is_told(machine, "OpenFilesNearLimit", over, 180, status="resolved", service="frontend")
