"""Every query of every panel is answered with data, soon after the start: no panel asks for what
nobody tells."""

start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)

# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "30s", "$__interval": "15s", "$__range": "5m"}


def filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def targets(panels):
    for panel in panels:
        yield from targets(panel.get("panels", []))
        for target in panel.get("targets", []):
            yield panel["title"], (target.get("datasource") or panel["datasource"])["type"], target


def has_data(kind: str, target: dict[str, Any]) -> None:
    if kind == "prometheus":
        expression = filled(target["expr"])
        eventually(
            expression,
            lambda: get(machine, f"{PROMETHEUS}/api/v1/query", query=expression),
            lambda answer: bool(answer)
            and any(one["value"][1] != "NaN" for one in answer["data"]["result"]),
        )
    elif kind == "loki":
        expression = filled(target["expr"])
        eventually(
            expression,
            lambda: get(machine, f"{LOKI}/loki/api/v1/query_range", query=expression, since="1h"),
            lambda answer: bool(answer and answer["data"]["result"]),
        )
    else:
        assert kind == "jaeger", kind
        eventually(
            f"traces of {target['service']}",
            lambda: get(machine, f"{JAEGER}/api/traces", service=target["service"], limit="5", lookback="1h"),
            lambda answer: bool(answer and answer["data"]),
        )


# An error to show: a service that is away is one.
machine.succeed("systemctl stop product-service.socket product-service.service")
assert buy(machine)[0] == 503
machine.succeed("systemctl start product-service.socket product-service.service")
wait_for_shop(machine)

there = {"prometheus": True, "loki": has_logs, "jaeger": has_jaeger}
assert dashboards
for name, dashboard in dashboards.items():
    for title, kind, target in targets(dashboard["panels"]):
        if not there[kind]:
            skip(f"panel {title}", LOGS_MISSING if kind == "loki" else kind)
            continue
        with subtest(f"{name}: {title} ({target['refId']}) has data"):
            has_data(kind, target)
