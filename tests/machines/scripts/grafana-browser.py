"""Debian only: each dashboard and each way between the signals, seen and clicked in a browser of the
host. The pictures lie in target/machines/pictures."""

for program in ("grafana", *sorted(missing_programs)):
    if program in missing_programs:
        skip_all(program)
if not has_browser:
    skip_all("chromium")

ABSENT[r"^anomaly_"] = "the anomaly detector, which is off unless it is asked for, does not run here"

started = time.monotonic()
start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)
machine.wait_until_succeeds("curl -sf --max-time 5 http://127.0.0.1:3000/api/health", timeout=120)
log.info(f"Grafana answers {time.monotonic() - started:.1f} s after the start")


def empty_panels(dashboard: Any, values: dict[str, str]) -> list[str]:
    """The panels that are excused: all that they ask for is what there need not be."""
    return [
        panel["title"]
        for panel in all_panels(dashboard)
        if all("expr" in target and is_absent(filled(target["expr"], values)) for target in panel["targets"])
    ]


empty = {uid: empty_panels(dashboard, {}) for uid, dashboard in dashboards.items() if uid != "service"}
empty |= {f"service-{one}": empty_panels(dashboards["service"], {"$service": one}) for one in SERVICES}
facts = {
    "GRAFANA_PASSWORD": machine.succeed("cat /var/lib/grafana-secrets/admin-password").strip(),
    "SERVICES": " ".join(SERVICES),
    "EMPTY": json.dumps(empty),
}

with subtest("a minute of traffic with faults"):
    assert buy(machine, quantity=10_000)[0] == 409
    assert buy(machine, product="no-such-product")[0] == 404
    for path in ("products/no-such-product", "inventory/no-such-product"):
        assert request(machine, "GET", f"{FRONTEND}/api/{path}")[0] == 404
    unknown = "00000000-0000-7000-8000-000000000000"
    released = f"https://127.0.0.1:8082/inventory/reservations/{unknown}"
    machine.succeed(f"curl -s -X DELETE {curl_as('order-service')} {released}")
    # What Prometheus has never seen before its restart was not restarted for it.
    start = 'process_start_time_seconds{job="order-service"}'
    for query in ("count(node_systemd_service_restart_total == 0)", start):
        eventually(query, lambda query=query: metric(machine, query), lambda value: value > 0)
    # systemd complains of a service and of a back end.
    for unit in ("order-service", "prometheus-node-exporter"):
        machine.succeed(f"kill -KILL {main_pid(machine, unit)}")
    wait_for_shop(machine)
    status, order, trace_id = buy(machine, product="product2")
    assert status == 201, order
    whole_trace(machine, trace_id)
    whole_log(machine, trace_id)
    eventually(
        "Alertmanager knows of the restart",
        lambda: get(machine, f"{ALERTMANAGER}/api/v2/alerts", filter='service="order-service"'),
        lambda alerts: any(alert["labels"]["alertname"] == "UnitRestarted" for alert in alerts or []),
    )
    # By this the dashboards draw a start.
    restarted = f"changes({start}[5m])"
    eventually(restarted, lambda: metric(machine, restarted), lambda value: value > 0)
    facts |= {"TRACE": trace_id, "ORDER": order["id"]}
    facts |= {"ALERT": "UnitRestarted", "ALERTING_SERVICE": "order-service"}

with subtest("every dashboard has all its panels"):
    browse(machine, "grafana", "dashboards", **facts)

with subtest("every link leads where it says"):
    browse(machine, "grafana", "links", **facts)
