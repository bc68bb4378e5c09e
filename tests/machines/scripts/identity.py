"""Services that have identities, by files or by SPIRE: each unit its own and nobody else any; who may not
ask is refused, and seen; identities and their authority are renewed under load without one failed order;
who gives them may be away, and all is well when it is back."""

DOMAIN = "spiffe://hello-observability"
SERVER = "-socketPath /run/spire/server/private/api.sock"
AGENT = "-socketPath /run/spire/agent/api.sock"
# Those that ask for an identity.
INSIDE = list(PLAIN)
ORDER = """-H 'Content-Type: application/json' -d '{"productId":"product1","quantity":1}'"""

begun = time.monotonic()
start_all()
environment = machine.succeed("systemctl show --property=Environment order-service")
is_spiffe = "IDENTITY=spiffe" in environment
if not is_spiffe and "IDENTITY=files" not in environment:
    skip_all("spire-server")
source = "SPIRE" if is_spiffe else "files"
answer = machine.wait_until_succeeds(f"curl -sf -i --max-time 5 {ORDER} {FRONTEND}/api/orders", timeout=120)
log.info(f"with {source}, start to the first order: {time.monotonic() - begun:.1f} s")
first = answer.lower().split("traceresponse: 00-")[1][:32]
whole_trace(machine, first)
whole_log(machine, first)
log.info(f"with {source}, start to its being found in Jaeger and Loki: {time.monotonic() - begun:.1f} s")
wait_for_shop(machine)
wait_for_back_ends(machine)


def files_of(caller: str) -> tuple[str, str]:
    """The certificate and the key of a service, which root alone may have."""
    if not is_spiffe:
        return f"{IDENTITIES}/{caller}/certificate.pem", f"{IDENTITIES}/{caller}/key.pem"
    # A unit that the server was told is `caller` too.
    folder = f"/root/{caller}"
    machine.succeed(f"mkdir -p {folder}")
    machine.wait_until_succeeds(
        f"systemd-run --quiet --wait --collect --unit=as-{caller}"
        f" $(command -v spire-agent) api fetch x509 {AGENT} -write {folder}",
        timeout=60,
    )
    return f"{folder}/svid.0.pem", f"{folder}/svid.0.key"


def allow_as(caller: str) -> None:
    machine.succeed(
        f"spire-server entry create {SERVER} -entryID as-{caller} -parentID {DOMAIN}/node"
        f" -spiffeID {DOMAIN}/{caller} -selector systemd:id:as-{caller}.service"
    )


def ask_as(caller: str, path: str, method: str = "GET", data: str = "") -> tuple[int, Any]:
    """What the service answers to one who has the files of `caller`."""
    certificate, key = files_of(caller)
    body = f"-H 'Content-Type: application/json' -d '{data}'" if data else ""
    text = machine.succeed(
        # Its name is a SPIFFE ID, which curl does not know.
        f"curl -sS --insecure --cert {certificate} --key {key} --max-time 10"
        f" -w '\\n%{{http_code}}' -X {method} {body} 'https://127.0.0.1:{path}'"
    )
    answer, _, status = text.rpartition("\n")
    return int(status), json.loads(answer) if answer else None


def is_refused(certificate: str, key: str) -> None:
    machine.fail(
        f"curl -sf --max-time 10 --insecure --cert {certificate} --key {key} https://127.0.0.1:8083/orders"
    )


def metric_at(service: str, name: str, *labels: str) -> float:
    """A metric of a service, from itself."""
    exposed = machine.succeed(f"curl -sf http://127.0.0.1:{SERVICES[service]}/actuator/prometheus")
    for line in exposed.splitlines():
        if line.split("{")[0].split(" ")[0] == name and all(label in line for label in labels):
            return float(line.rsplit(" ", 1)[1])
    return 0


def renewals(service: str) -> float:
    return metric_at(service, "identity_renewals_total", 'result="renewed"')


def authorities() -> set[str]:
    """The public keys of the authorities that are trusted."""
    bundle = f"spire-server bundle show {SERVER}" if is_spiffe else f"cat {IDENTITIES}/order-service/authorities.pem"
    return set(machine.succeed(bundle).split("-----BEGIN CERTIFICATE-----")[1:])


def load(seconds: int) -> None:
    """Eight people buy for as long, and not one request fails."""
    report = json.loads(
        machine.succeed(
            f"load-generator --target {FRONTEND} --users 8 --duration {seconds}s --restock --report -"
        )
    )
    assert report["requests"] > 5 * seconds, report
    failed = {name: endpoint["failed"] for name, endpoint in report["endpoints"].items() if endpoint.get("failed")}
    assert not failed, failed


def an_order_goes_through(bound: float = 60) -> None:
    eventually("an order goes through", lambda: buy(machine)[0], lambda status: status == 201, bound)


UNITS = ["gateway-service", *INSIDE]
if is_spiffe:
    for caller in ("gateway-service", "order-service"):
        allow_as(caller)
    first_authorities = authorities()
else:
    # An authority that ends in two minutes: the timer has to make the next one, which signs in one. It
    # waits until the first one has been looked at: it may make the next as soon as it goes on.
    state = "/var/lib/hello-observability-identity"
    renewal = "hello-observability-identity-renewal"
    machine.succeed(f"systemctl stop {renewal}.timer {renewal}.service")
    machine.succeed(f"rm {state}/*")
    machine.succeed(
        f"identity-authority --state-directory={state} --output={IDENTITIES} --life=30s --authority-life=2m"
        f" {' '.join(UNITS)}"
    )
    first_authorities = authorities()
    machine.succeed(f"systemctl start {renewal}.timer")
    machine.succeed(f"systemctl restart {' '.join(UNITS)}")

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

with subtest("each unit has its own identity, and who is no unit of the shop has none"):
    for unit in UNITS:
        assert metric_at(unit, "identity_info", f'id="{DOMAIN}/{unit}"') == 1, unit
        if is_spiffe:
            continue
        pid = main_pid(machine, unit)
        seen = machine.succeed(f"nsenter --target {pid} --mount ls /run/identity").split()
        assert seen == ["authorities.pem", "certificate.pem", "key.pem"], seen
        uid = machine.succeed(f"stat -c %u /proc/{pid}").strip()
        others = f"setpriv --reuid {uid} --clear-groups cat {IDENTITIES}/{unit}/key.pem"
        machine.fail(f"nsenter --target {pid} --mount {others}")
    stranger = f"$(command -v spire-agent) api fetch x509 {AGENT}" if is_spiffe else f"cat {IDENTITIES}/order-service/key.pem"
    machine.fail(f"systemd-run --wait --collect --property=DynamicUser=yes {stranger}")

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
    eventually("and alerted", lambda: metric(machine, refused), lambda count: count >= 1)
    assert ask_as("order-service", "8083/orders")[0] == 403
    assert ask_as("gateway-service", "8083/orders")[0] == 200

with subtest("plain HTTP and a stranger's certificate get no answer"):
    machine.fail("curl -sf --max-time 10 http://127.0.0.1:8083/orders")
    machine.fail("curl -sf --max-time 10 --insecure https://127.0.0.1:8083/orders")
    machine.succeed("identity-authority --state-directory=/tmp/stranger --output=/tmp/strangers gateway-service")
    is_refused("/tmp/strangers/gateway-service/certificate.pem", "/tmp/strangers/gateway-service/key.pem")

certificate, key = files_of("gateway-service")
machine.succeed(f"cp {certificate} /root/kept.pem && cp {key} /root/kept.key")

with subtest("identities are renewed several times under load, and not one order fails"):
    before = {service: renewals(service) for service in INSIDE}
    pids = {service: main_pid(machine, service) for service in INSIDE}
    load(75)
    for service in INSIDE:
        assert renewals(service) - before[service] >= 2, (service, before)
        assert main_pid(machine, service) == pids[service], service

if not is_spiffe:
    with subtest("the authority was renewed meanwhile, and the old one is trusted no more"):
        eventually("it has ended", authorities, lambda trusted: trusted and not trusted & first_authorities, bound=120)
        an_order_goes_through()

with subtest("a certificate that has ended gets no answer"):
    is_refused("/root/kept.pem", "/root/kept.key")
    assert ask_as("gateway-service", "8083/orders")[0] == 200

with subtest("those who give identities are confined as the rest of the shop is"):
    for unit in ["spire-server", "spire-agent", "spire-entries"] if is_spiffe else ["hello-observability-identity"]:
        score = machine.succeed(f"systemd-analyze security --no-pager {unit}.service | tail -1")
        log.info(f"{unit}: exposure {score.split(':', 1)[1].split()[0]}")
        assert float(score.split(":", 1)[1].split()[0]) <= 1.5, (unit, score)

if is_spiffe:
    with subtest("SPIRE and Dex hold at most 75 MiB beside their code"):
        held = {}
        for unit in ["spire-server", "spire-agent", *([] if "dex" in missing_programs else ["dex"])]:
            status_of = machine.succeed(f"grep RssAnon /proc/{main_pid(machine, unit)}/status")
            held[unit] = int(status_of.split()[1]) / 1024
        log.info(", ".join(f"{unit} {mebibytes:.0f} MiB" for unit, mebibytes in held.items()))
        assert not has_budget or sum(held.values()) <= 75, held

    with subtest("the agent and the server are killed under load, and not one order fails"):
        killed = {unit: main_pid(machine, unit) for unit in ("spire-agent", "spire-server")}
        for unit in killed:
            machine.succeed(f"systemd-run --quiet --on-active=4 systemctl kill --signal=KILL {unit}.service")
        load(15)
        for unit, pid in killed.items():
            machine.wait_for_unit(f"{unit}.service")
            assert main_pid(machine, unit) != pid, unit
        eventually(
            "the agent gives an identity again",
            lambda: [metric_at(service, "identity_agent_up") for service in INSIDE],
            lambda up: up == [1, 1, 1],
        )

    with subtest("the authority is renewed under load, and not one order fails"):
        counts = {service: renewals(service) for service in INSIDE}
        prepared = json.loads(machine.succeed(f"spire-server localauthority x509 prepare {SERVER} -output json"))
        # Everybody has to know it before it signs.
        eventually(
            "it is known",
            lambda: [renewals(service) - counts[service] for service in INSIDE],
            lambda times: min(times) >= 1,
        )
        machine.succeed(
            f"spire-server localauthority x509 activate {SERVER}"
            f" -authorityID {prepared['prepared_authority']['authority_id']}"
        )
        load(45)
        assert authorities() - first_authorities

    with subtest("a unit whose entry is withdrawn has no identity, until it is given one again"):
        machine.succeed(f"spire-server entry delete {SERVER} -entryID inventory-service")
        eventually(
            "it is withdrawn, and its health says so",
            lambda: machine.execute(f"curl -s http://127.0.0.1:{SERVICES['inventory-service']}/health")[1],
            lambda health: '"identity"' in health,
        )
        machine.fail("curl -sf --max-time 10 --insecure https://127.0.0.1:8082/inventory")
        machine.succeed("systemctl restart spire-entries.service")
        for caller in ("gateway-service", "order-service"):
            allow_as(caller)
        machine.wait_until_succeeds(f"curl -sf http://127.0.0.1:{SERVICES['inventory-service']}/health", timeout=60)
        an_order_goes_through()

with subtest("without the authority the shop goes on, and when it is back an identity that has ended is renewed"):
    timer = "hello-observability-identity-renewal.timer"
    expiring = 'count(ALERTS{alertname="IdentityExpiring"})'
    eventually("none is about to end", lambda: metric(machine, expiring), lambda count: count == 0)
    machine.succeed(f"systemctl stop {'spire-server.service' if is_spiffe else timer}")
    ended = "max(identity_expires_timestamp_seconds) - time()"
    assert buy(machine)[0] == 201
    eventually("that they end is alerted", lambda: metric(machine, expiring), lambda count: count > 0)
    eventually("every identity has ended", lambda: metric(machine, ended), lambda left: left < 0, bound=120)
    told_of = 'count(ALERTS{alertname="IdentityExpiring",alertstate="firing"})'
    eventually("an alert has begun for each", lambda: metric(machine, told_of), lambda count: count == len(UNITS))
    health = machine.succeed(f"curl -s http://127.0.0.1:{SERVICES['order-service']}/health")
    assert '"identity"' in health, health
    if is_spiffe:
        machine.succeed("systemctl kill --signal=KILL spire-agent.service")
        machine.succeed("systemctl start spire-server.service")
    else:
        machine.succeed(f"systemctl start {timer} hello-observability-identity-renewal.service")
    an_order_goes_through()
