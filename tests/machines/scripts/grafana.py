"""Grafana's provisioning, over its API: data sources that answer, dashboards that are there, secrets
that were made."""

if "grafana" in missing_programs:
    skip_all("grafana")

API = "http://127.0.0.1:3000/api"

start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)
machine.wait_for_unit("grafana.service")
machine.wait_for_open_port(3000)

password = machine.succeed("cat /var/lib/grafana-secrets/admin-password").strip()


def ask(path: str) -> Any:
    """The JSON at a path of the API; None while there is none."""
    status, body = machine.execute(f"curl -sf --max-time 20 -u 'admin:{password}' '{API}{path}'")
    return json.loads(body) if status == 0 else None


with subtest("the password is the one that was made, and the well-known one is refused"):
    machine.wait_until_succeeds(f"curl -sf {API}/health", timeout=120)
    assert ask("/user")["login"] == "admin"
    machine.fail(f"curl -sf -u admin:admin {API}/user")
    assert machine.succeed("stat --format=%a /var/lib/grafana-secrets/secret-key").strip() == "600"
    # Through links, which all of it are.
    found = machine.execute(f"find -L /etc -type f -exec grep -lsF '{password}' {{}} + 2>/dev/null")[1]
    assert found == "", found

with subtest("each data source has its fixed uid and answers"):
    assert {source["uid"] for source in ask("/datasources")} == {"prometheus", "alertmanager", "loki", "jaeger"}
    eventually(
        "each says that it is well",
        lambda: [ask(f"/datasources/uid/{uid}/health") for uid in ("prometheus", "loki", "jaeger")],
        lambda answers: all(answer and answer["status"] == "OK" for answer in answers),
    )

with subtest("a query goes through Grafana to each back end"):
    status, order, trace_id = buy(machine)
    assert status == 201, order
    eventually(
        "Prometheus through Grafana",
        lambda: ask("/datasources/proxy/uid/prometheus/api/v1/query?query=shop_orders_total"),
        lambda answer: bool(answer and answer["data"]["result"]),
    )
    eventually(
        "Loki through Grafana",
        lambda: ask("/datasources/proxy/uid/loki/loki/api/v1/labels"),
        lambda answer: bool(answer) and "service" in answer.get("data", []),
    )
    eventually(
        "Jaeger through Grafana",
        lambda: ask("/datasources/proxy/uid/jaeger/api/services"),
        lambda answer: bool(answer) and "order-service" in (answer["data"] or []),
    )

with subtest("Grafana shows the alerts that fire"):
    # Prometheus says it again after a minute when Alertmanager was not there yet.
    eventually(
        "the alert that always fires, through Grafana",
        lambda: ask("/alertmanager/alertmanager/api/v2/alerts"),
        lambda alerts: any(alert["labels"]["alertname"] == "Watchdog" for alert in alerts or []),
        120,
    )

with subtest("every dashboard of the folder is there by its uid, as the file has it"):
    # By these uids alerts and links name them.
    for name in ("microservices", "service", "order-flow", "objectives", "hosts", "telemetry"):
        dashboard = dashboards[name]
        found = ask(f"/dashboards/uid/{name}")
        assert found["dashboard"]["title"] == dashboard["title"], name
        assert [panel["title"] for panel in found["dashboard"]["panels"]] == [
            panel["title"] for panel in dashboard["panels"]
        ]
        assert found["meta"]["provisioned"], name

with subtest("the first that one sees is the shop at a glance"):
    assert ask("/dashboards/home")["dashboard"]["title"] == dashboards["microservices"]["title"]

with subtest("a span leads to its own lines and to the dashboard of its service"):
    found = ask("/datasources/uid/jaeger/correlations")
    provisioned = next(source for source in datasources if source["uid"] == "jaeger")["correlations"]
    assert {one["label"] for one in found} == {one["label"] for one in provisioned}, found

with subtest("a dashboard that was never provisioned is not there"):
    machine.fail(f"curl -sf -u 'admin:{password}' {API}/dashboards/uid/no-such-dashboard")
