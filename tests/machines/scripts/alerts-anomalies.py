"""Long: the anomaly detector learns the shop under load, tells of what goes wrong within a minute and of
nothing else, in one alert, and beside it stands what the PromQL bands have found by then."""

DETECTOR = "http://127.0.0.1:8084"
# From its start to being known.
WITHIN = 60


def events() -> float:
    return metric(machine, "sum(anomaly_events_total)")


def bands_left() -> float:
    """How many of the PromQL bands are left now; they need twenty minutes to have one."""
    return metric(machine, "count(shop:signal > shop:signal:upper or shop:signal < shop:signal:lower)")


def learned(query: str) -> Any:
    """What is known of a query, for a message."""
    answer = get(machine, f"{PROMETHEUS}/api/v1/query", query=f'{{__name__=~"anomaly_.*",query="{query}"}}')
    found = answer["data"]["result"] if answer else []
    return [(one["metric"]["__name__"], one["metric"].get("job"), one["value"][1]) for one in found]


def is_found(what: str, begun: float, ends: str, before: float) -> None:
    """Waits until something is found that was not before, ends the fault, and waits until it is over."""
    try:
        eventually(f"{what} is found", events, lambda count: count > before, WITHIN)
    except Exception:
        log.info(f"known by then: {learned('error_ratio')} {learned('p95')} {learned('rate')}")
        raise
    log.info(f"{what}: found after {now(machine) - begun:.0f} s; PromQL bands left: {bands_left():.0f}")
    is_told(machine, "AnomalyFound", begun, 120)
    machine.succeed(ends)
    wait_for_shop(machine)
    eventually(
        f"{what} is over", lambda: metric(machine, "sum(anomaly_events_active)"), lambda count: count == 0, 300
    )


def own_metric_of_detector(name: str) -> float:
    text = machine.succeed(f"curl -sf {DETECTOR}/actuator/prometheus")
    lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


machine.start()
start_receivers(machine)
wait_for_shop(machine)
machine.wait_for_unit("anomaly-detector.service")
for product in ("product1", "product2", "product3"):
    request(machine, "PUT", f"{FRONTEND}/api/inventory/{product}", {"quantity": 1_000_000_000})
start_load(machine, "--rate 15 --forever")
# It forgets the start of the shop, whose first answers were errors: of a day that is nothing, of six minutes
# it is much.
machine.succeed("systemctl stop anomaly-detector.socket anomaly-detector.service")
machine.succeed("rm -rf /var/lib/private/anomaly-detector/*")
machine.sleep(45)
machine.succeed("systemctl start anomaly-detector.socket anomaly-detector.service")

with subtest("it learns what is usual, and finds nothing"):
    eventually(
        "each service has a band",
        lambda: metric(machine, 'count(anomaly_upper{query="rate"} > anomaly_lower{query="rate"})'),
        lambda count: count == len(SERVICES),
        120,
    )
    # Fifty rounds: what is learned at the start, the start itself, is no news.
    machine.sleep(150)
    assert metric(machine, "anomaly_detector_last_round_timestamp_seconds") > now(machine) - 15
    log.info(f"learned: {learned('error_ratio')} {learned('p95')}")
    quiet = events()
    machine.sleep(120)
    assert events() == quiet, machine.succeed("journalctl -u anomaly-detector -g Anomaly -o cat")
    log.info(f"found while the shop started and learned: {quiet:.0f}")

with subtest("a burst of errors"):
    before, begun = events(), now(machine)
    machine.succeed("scenario start burst-of-errors")
    is_found("a burst of errors", begun, "scenario stop burst-of-errors", before)
    lines = machine.succeed("journalctl -u anomaly-detector -o cat -g '^Anomaly: .*error' | head -n 1")
    assert "expected" in lines, lines

with subtest("slow look-ups"):
    before, begun = events(), now(machine)
    machine.succeed("scenario start slow-look-ups")
    is_found("slow look-ups", begun, "scenario stop slow-look-ups", before)

with subtest("a service that is gone, with its series"):
    before, begun = events(), now(machine)
    machine.succeed("systemctl stop inventory-service.socket inventory-service.service")
    is_found("a service that is gone", begun, "systemctl start inventory-service.socket inventory-service.service", before)

with subtest("planned work is silenced"):
    silence = {
        "matchers": [{"name": "alertname", "value": "AnomalyFound", "isRegex": False, "isEqual": True}],
        "startsAt": machine.succeed("date -u +%FT%TZ -d '-1 min'").strip(),
        "endsAt": machine.succeed("date -u +%FT%TZ -d '+1 hour'").strip(),
        "createdBy": "test",
        "comment": "planned work",
    }
    assert request(machine, "POST", f"{ALERTMANAGER}/api/v2/silences", silence)[0] == 200
    machine.succeed("scenario start burst-of-errors")
    eventually(
        "it is found and silenced",
        lambda: metric(machine, 'sum(anomaly_events_total{silenced="true"})'),
        lambda count: count >= 1,
        WITHIN,
    )
    assert metric(machine, "sum(anomaly_events_active)") == 0
    machine.succeed("scenario stop burst-of-errors")

with subtest("what was learned outlives a restart"):
    series = metric(machine, "anomaly_detector_series")
    machine.succeed("systemctl restart anomaly-detector.service")
    eventually(
        "it goes on", lambda: own_metric_of_detector("anomaly_detector_series"), lambda count: count >= series, 60
    )
    assert own_metric_of_detector("anomaly_events_active") == 0
