"""Services that have identities: each unit its own and nobody else any; who may not ask is refused, and
seen; identities are renewed under load without one failed order."""

IDENTITIES = "/run/hello-observability-identity"
# Where those that ask for an identity answer probes without one.
INSIDE = {"product-service": 8181, "inventory-service": 8182, "order-service": 8183}
SERVICES.update(INSIDE)

start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)


def ask_as(caller: str, path: str, method: str = "GET", data: str = "") -> tuple[int, Any]:
    """What the service answers to one who has the files of `caller`."""
    files = f"{IDENTITIES}/{caller}"
    body = f"-H 'Content-Type: application/json' -d '{data}'" if data else ""
    text = machine.succeed(
        # Its name is a SPIFFE ID, which curl does not know.
        f"curl -sS --insecure --cert {files}/certificate.pem --key {files}/key.pem --max-time 10"
        f" -w '\\n%{{http_code}}' -X {method} {body} 'https://127.0.0.1:{path}'"
    )
    answer, _, status = text.rpartition("\n")
    return int(status), json.loads(answer) if answer else None


def renewals(service: str) -> float:
    exposed = machine.succeed(f"curl -sf http://127.0.0.1:{INSIDE[service]}/actuator/prometheus")
    for line in exposed.splitlines():
        if line.startswith('identity_renewals_total{result="renewed"}'):
            return float(line.split()[1])
    return 0


with subtest("an order goes through, and its spans say which service asked"):
    status, order, trace_id = buy(machine, "product1", 1)
    assert status == 201, order
    asked_by = {
        (span["name"], attribute["value"]["stringValue"])
        for span in whole_trace(machine, trace_id)
        for attribute in span.get("attributes", [])
        if attribute["key"] == "service.peer.name"
    }
    assert ("POST /inventory/reservations", "order-service") in asked_by, asked_by
    assert ("POST /orders", "gateway-service") in asked_by, asked_by

with subtest("Prometheus finds every service, by its probes"):
    eventually(
        "each is up",
        lambda: metric(machine, f'count(up{{job=~"{"|".join(SERVICES)}"}} == 1)'),
        lambda up: up == len(SERVICES),
    )

with subtest("each unit sees its own identity, and who is no unit of the shop sees none"):
    for unit in ["gateway-service", *INSIDE]:
        pid = main_pid(machine, unit)
        seen = machine.succeed(f"nsenter --target {pid} --mount ls /run/identity").split()
        assert seen == ["authorities.pem", "certificate.pem", "key.pem"], seen
        uid = machine.succeed(f"stat -c %u /proc/{pid}").strip()
        others = f"setpriv --reuid {uid} --clear-groups cat {IDENTITIES}/{unit}/key.pem"
        machine.fail(f"nsenter --target {pid} --mount {others}")
    machine.fail(f"systemd-run --wait --property=DynamicUser=yes cat {IDENTITIES}/order-service/key.pem")

with subtest("who may not ask is refused with a problem, a warning of its trace, and a count"):
    status, problem = ask_as("gateway-service", "8082/inventory/reservations", "POST", "{}")
    assert status == 403, (status, problem)
    eventually(
        "the warning is found by the trace",
        lambda: lines_of(machine, problem["traceId"]),
        lambda lines: any(line["level"] == "warning" for line in lines),
    )
    query = 'sum(identity_refusals_total{job="inventory-service",caller="gateway-service"})'
    eventually("the refusal is counted", lambda: metric(machine, query), lambda count: count == 1)
    refused = 'count(ALERTS{alertname="CallerRefused",job="inventory-service",caller="gateway-service"})'
    eventually("and alerted", lambda: metric(machine, refused), lambda count: count == 1)
    assert ask_as("order-service", "8083/orders")[0] == 403
    assert ask_as("gateway-service", "8083/orders")[0] == 200

with subtest("plain HTTP and a stranger's certificate get no answer"):
    machine.fail("curl -sf --max-time 10 http://127.0.0.1:8083/orders")
    machine.fail("curl -sf --max-time 10 --insecure https://127.0.0.1:8083/orders")
    stranger = "--state-directory=/tmp/stranger --output=/tmp/strangers gateway-service"
    machine.succeed(f"identity-authority {stranger}")
    files = "/tmp/strangers/gateway-service"
    machine.fail(
        f"curl -sf --max-time 10 --insecure --cert {files}/certificate.pem --key {files}/key.pem"
        " https://127.0.0.1:8083/orders"
    )

with subtest("identities are renewed several times under load, and not one order fails"):
    before = {service: renewals(service) for service in INSIDE}
    pids = {service: main_pid(machine, service) for service in INSIDE}
    report = json.loads(
        machine.succeed(
            "load-generator --target http://127.0.0.1:3001 --users 8 --duration 75s --restock --report -"
        )
    )
    assert report["requests"] > 500, report
    failed = {name: endpoint["failed"] for name, endpoint in report["endpoints"].items() if endpoint.get("failed")}
    assert not failed, failed
    for service in INSIDE:
        assert renewals(service) - before[service] >= 2, (service, before)
        assert main_pid(machine, service) == pids[service], service

with subtest("without the authority the shop goes on, and when it is back an identity that has ended is renewed"):
    timer = "hello-observability-identity-renewal.timer"
    machine.succeed(f"systemctl stop {timer}")
    ended = "max(identity_expires_timestamp_seconds) - time()"
    expiring = 'count(ALERTS{alertname="IdentityExpiring"})'
    assert metric(machine, expiring) == 0
    eventually("that they end is alerted", lambda: metric(machine, expiring), lambda count: count > 0)
    eventually("every identity has ended", lambda: metric(machine, ended), lambda left: left < 0, bound=120)
    machine.succeed(f"systemctl start {timer} hello-observability-identity-renewal.service")
    eventually("an order goes through again", lambda: buy(machine, "product1", 1)[0], lambda status: status == 201)
