"""Each scenario is quiet before, shows all of its evidence while an operator has it on (metric, page,
panel, alert, trace, log line), and is over when it is switched off."""

# Each away from what the one before leaves behind for a minute or two.
ORDER = [
    "slow-look-ups",
    "memory-growth",
    "failing-reservations",
    "burst-of-errors",
    "slow-disk",
    "stock-out",
    "overload",
    "lock",
    "lost-inventory",
]
# Rates look back a minute; a loaded host gets twice that.
PATIENCE = 180
BUYERS = "systemd-run --quiet --collect --unit=buyers -- $(command -v load-generator) --target http://127.0.0.1:3001 --forever"


def panel_shows(evidence: dict[str, Any]) -> bool:
    """Whether a query of the panel, with its variables filled, passes the bound now."""
    panels = dashboards[evidence["dashboard"]]["panels"]
    targets = [target for panel in panels if panel.get("title") == evidence["title"] for target in panel["targets"]]
    values = {"$__rate_interval": "20s", "$__interval": "15s", "$__range": "5m"}
    values |= {f"${name}": value for name, value in evidence.get("variables", {}).items()}
    # Of a dashboard that shows all services at first.
    values.setdefault("$service", ".+")
    for target in targets:
        expr = target["expr"]
        for name, value in values.items():
            expr = expr.replace(name, value)
        answer = get(machine, f"{PROMETHEUS}/api/v1/query", query=expr) or {"data": {"result": []}}
        for one in answer["data"]["result"]:
            wanted, sample = evidence.get("series", {}), float(one["value"][1])
            if all(one["metric"].get(name) == label for name, label in wanted.items()):
                if sample > evidence.get("above", math.inf) or sample < evidence.get("below", -math.inf):
                    return True
    return False


def alert_shows(evidence: dict[str, Any]) -> bool:
    """Whether it is pending or fires."""
    labels = "".join(f',{name}="{value}"' for name, value in evidence["labels"].items())
    return metric(machine, f'count(ALERTS{{alertname="{evidence["name"]}"{labels}}})') >= 1


def trace_shows(evidence: dict[str, Any], since: float) -> bool:
    asked = {"service": evidence["service"], "operation": evidence["operation"], "limit": "5"}
    asked |= {"start": f"{since * 1e6:.0f}", "end": f"{time.time() * 1e6:.0f}"}
    if "tags" in evidence:
        asked["tags"] = json.dumps(evidence["tags"])
    if "min_duration" in evidence:
        asked["minDuration"] = evidence["min_duration"]
    return bool((get(machine, f"{JAEGER}/api/traces", **asked) or {}).get("data"))


def log_shows(evidence: dict[str, Any], since: float) -> bool:
    asked = {"query": evidence["query"], "start": f"{since * 1e9:.0f}", "limit": "5"}
    answer = get(machine, f"{LOKI}/loki/api/v1/query_range", **asked)
    return bool(answer and answer["data"]["result"])


def shown(evidence: dict[str, Any], since: float) -> set[str]:
    """The kinds of evidence that are there, of what happened since a moment."""
    found = {
        "panel": panel_shows(evidence["panel"]),
        "alert": alert_shows(evidence["alert"]),
        "trace": has_jaeger and trace_shows(evidence["trace"], since),
        "log": has_logs and log_shows(evidence["log"], since),
    }
    return {kind for kind, there in found.items() if there}


def on_page() -> set[tuple[str, str]]:
    faults = (get(machine, f"{FRONTEND}/system/faults") or {"faults": []})["faults"]
    return {(fault["name"], fault["service"]) for fault in faults}


def shows_and_ends(name: str) -> None:
    """Switches a scenario on and off, and waits for all that tells of it."""
    evidence, services = scenarios[name]["evidence"], list(scenarios[name]["faults"])
    usual = {"trace"} if evidence["trace"].get("usual") else set()
    eventually(
        f"nothing of {name} is seen before",
        lambda: shown(evidence, time.time() - 10),
        lambda there: there - usual == set(),
        2 * PATIENCE,
    )
    begun = time.time()
    machine.succeed(f"scenario start {name}")
    seen: dict[str, float] = {}

    def missing() -> set[str]:
        for kind in shown(evidence, begun) - set(seen):
            seen[kind] = time.time() - begun
        return kinds - set(seen)

    eventually(f"all of {name} is seen", missing, lambda rest: not rest, PATIENCE)
    switched = {(name, service) for service in services}
    eventually("the page tells of it", on_page, lambda faults: faults == switched)
    # Eventually, since a service that has too much to do may miss a scrape.
    active = f'sum(fault_active{{fault="{name}"}})'
    eventually("each service counts it", lambda: metric(machine, active), lambda count: count == len(services))
    log.info(", ".join(f"{kind} after {after:.0f} s" for kind, after in seen.items()))

    machine.succeed(f"scenario stop {name}")
    eventually("it is over", on_page, lambda faults: faults == set())
    eventually("no series is left", lambda: metric(machine, "count(fault_active)"), lambda count: count == 0)
    wait_for_shop(machine)


machine.start()
wait_for_shop(machine)
wait_for_back_ends(machine)
assert set(ORDER) == set(scenarios)
kinds = {"panel", "alert"} | ({"trace"} if has_jaeger else set()) | ({"log"} if has_logs else set())
if not has_jaeger:
    skip("the traces of each scenario", "jaeger")
if not has_logs:
    skip("the log lines of each scenario", LOGS_MISSING)

with subtest("only root switches, and nothing is on"):
    other = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    status, _ = machine.execute(f"{other} $(command -v scenario) start lock 2>/tmp/refusal")
    assert status == 77, machine.succeed("cat /tmp/refusal")
    machine.fail(f"{other} touch /run/hello-observability/faults/frontend.json")
    assert all(line.startswith("off") for line in machine.succeed("scenario list").splitlines())
    assert on_page() == set() and metric(machine, "count(fault_active)") == 0

for name in ORDER:
    with subtest(f"{name}: {scenarios[name]['title']}"):
        # The traffic of every day restocks what is sold out.
        if name == "stock-out":
            machine.succeed(f"systemctl stop load-generator.service && {BUYERS}")
        shows_and_ends(name)
        if name == "stock-out":
            machine.succeed("systemctl stop buyers.service && systemctl start load-generator.service")

with subtest("every order is settled, and all that is on is off with the folder"):
    eventually("none is pending", lambda: metric(machine, "sum(shop_orders_pending)"), lambda count: count == 0)
    machine.succeed("scenario start lock && systemctl stop hello-observability-faults.service")
    eventually("it is off", lambda: own_metric(machine, "inventory-service", "fault_active"), lambda on: on == 0)
    status, _ = machine.execute("scenario start lock")
    assert status == 78, status
