"""People sign in by a real OpenID provider: what nobody, a customer, another one and an operator may do, at
the page, at the gateway and in Grafana, and that their tokens stand nowhere."""

if "dex" in missing_programs:
    skip_all("dex")

PAGE = "http://localhost:3001"
GRAFANA = "http://localhost:3000"
FROM_THE_PAGE = f"-H 'Origin: {PAGE}' -H 'Sec-Fetch-Site: same-origin'"

start_all()
wait_for_shop(machine)
machine.wait_for_unit("dex.service")
machine.wait_until_succeeds("curl -sf http://127.0.0.1:5556/dex/.well-known/openid-configuration", timeout=60)


def sign_in_at(door: str, name: str) -> str:
    """Goes the way of a browser with a jar of its own; where it comes out."""
    jar = f"/root/{name}.jar"
    curl = f"curl -sS -L -b {jar} -c {jar} -o /dev/null -w '%{{url_effective}}'"
    form = machine.succeed(f"{curl} '{door}'").strip()
    assert "/dex/auth/local" in form, form
    return machine.succeed(f"{curl} --data-urlencode login={name}@shop.test -d password=password '{form}'").strip()


def asked(name: str, method: str, path: str, body: Any = None, origin: str = PAGE) -> tuple[int, Any]:
    """One request of somebody; of nobody under a name that has not signed in."""
    jar = f"/root/{name}.jar"
    data = f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'" if body is not None else ""
    answer = machine.succeed(
        f"touch {jar}; curl -sS -b {jar} -c {jar} {FROM_THE_PAGE} -X {method} {data} -w '\\n%{{http_code}}' '{origin}{path}'"
    )
    text, _, status = answer.rpartition("\n")
    return int(status), json.loads(text) if text.strip().startswith(("{", "[")) else None


ONE = {"productId": "product1", "quantity": 1}

with subtest("the secrets were made, and root alone can read them"):
    for name in ("client-secret", "grafana-secret", "dex.env"):
        mode = machine.succeed(f"stat --format='%a %U' /var/lib/sign-in-secrets/{name}").strip()
        assert mode == "600 root", (name, mode)

with subtest("nobody sees the products, and no order"):
    assert asked("nobody", "GET", "/auth/me")[1] == {"enabled": True, "user": None}
    assert asked("nobody", "GET", "/api/products")[0] == 200
    assert asked("nobody", "GET", "/api/orders")[0] == 401
    assert asked("nobody", "POST", "/api/orders", ONE)[0] == 401
    assert asked("nobody", "GET", "/system/overview")[0] == 401
    # Past the gateway there is nothing to be had either, not even by a program that has its identity.
    by_gateway = f"curl -s -o /dev/null -w '%{{http_code}}' {curl_as('gateway-service')} https://127.0.0.1:8083/orders"
    assert machine.succeed(by_gateway) == "401"

with subtest("a customer signs in, buys, and sees the own order and nobody else's"):
    assert sign_in_at(f"{PAGE}/auth/login?back=/orders", "ann") == f"{PAGE}/orders"
    assert asked("ann", "GET", "/auth/me")[1]["user"] == {"name": "ann", "role": "customer"}
    # A gateway that was there before its provider asks for the keys again after two seconds.
    eventually("her token can be checked", lambda: asked("ann", "GET", "/api/orders")[0], lambda status: status == 200)
    status, order = asked("ann", "POST", "/api/orders", ONE)
    assert status == 201, order
    assert [one["id"] for one in asked("ann", "GET", "/api/orders")[1]] == [order["id"]]
    sign_in_at(f"{PAGE}/auth/login", "bob")
    assert asked("bob", "GET", "/api/orders") == (200, [])
    assert asked("bob", "GET", f"/api/orders/{order['id']}")[0] == 404
    assert asked("bob", "PUT", "/api/inventory/product1", {"quantity": 5})[0] == 403

with subtest("an operator sees every order and sets the stock"):
    sign_in_at(f"{PAGE}/auth/login", "ops")
    assert asked("ops", "GET", f"/api/orders/{order['id']}")[0] == 200
    assert asked("ops", "PUT", "/api/inventory/product1", {"quantity": 5})[0] == 200
    assert asked("ops", "GET", "/system/overview")[0] == 200

with subtest("the trace names the customer by a pseudonym"):
    spans = eventually(
        "the spans of the order",
        lambda: spans_of(machine, order["traceId"]),
        lambda spans: any(span["service"] == "order-service" for span in spans),
    )
    named = {
        attribute["value"]["stringValue"]
        for span in spans
        for attribute in span.get("attributes", [])
        if attribute["key"] == "enduser.pseudo.id"
    }
    assert len(named) == 1 and len(named.pop()) == 32, named

with subtest("sign-ins are counted"):
    eventually(
        "three of them in Prometheus",
        lambda: metric(machine, 'sum(sign_ins_total{result="completed"})'),
        lambda value: value == 3,
    )

with subtest("no token and no secret stands in the journal"):
    secret = machine.succeed("cat /var/lib/sign-in-secrets/client-secret").strip()
    for text in ("eyJ", secret, "__Host-session="):
        machine.fail(f"journalctl --output=json --no-pager | grep -F -- '{text}'")

with subtest("while the provider is away, who has signed in goes on buying"):
    machine.succeed("systemctl stop dex.service")
    assert asked("bob", "POST", "/api/orders", ONE)[0] == 201
    where = machine.succeed(f"curl -sS -o /dev/null -w '%{{redirect_url}}' {PAGE}/auth/login").strip()
    assert "/dex/auth" in where, "its addresses are known"
    machine.succeed("systemctl start dex.service")

with subtest("a customer signs out"):
    assert asked("ann", "POST", "/auth/logout")[0] == 200
    assert asked("ann", "GET", "/api/orders")[0] == 401

with subtest("the provider is confined as the rest of the shop is"):
    score = machine.succeed("systemd-analyze security --no-pager dex.service | tail -1")
    assert float(score.split(":", 1)[1].split()[0]) <= 1.5, score

with subtest("Grafana signs in by the same provider: an operator sees to it, a customer is not let in"):
    if "grafana" in missing_programs:
        skip("the sign-in of Grafana", "grafana")
    else:
        machine.wait_until_succeeds(f"curl -sf {GRAFANA}/api/health", timeout=120)
        machine.succeed("rm -f /root/ops.jar /root/bob.jar")
        machine.wait_until_succeeds("curl -sf http://127.0.0.1:5556/dex/.well-known/openid-configuration", timeout=60)
        sign_in_at(f"{GRAFANA}/login/generic_oauth", "ops")
        status, orgs = asked("ops", "GET", "/api/user/orgs", origin=GRAFANA)
        assert status == 200 and [org["role"] for org in orgs] == ["Admin"], (status, orgs)
        sign_in_at(f"{GRAFANA}/login/generic_oauth", "bob")
        assert asked("bob", "GET", "/api/user", origin=GRAFANA)[0] == 401
