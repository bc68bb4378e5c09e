"""Long: Faults that are provoked for real are told in time: to a webhook, to what takes Slack's webhooks, and
by mail, each with its runbook; and when they are over, that too."""

# How soon somebody has to know of a service that is dead, in seconds.
BOUND = 60

FOLDER = "/run/told"
# Takes what Alertmanager sends: a webhook, an incoming webhook of Slack, mail; each to a file of lines.
RECEIVERS = '''
import http.server, json, pathlib, sys, time
from email import message_from_bytes
from aiosmtpd.controller import Controller

folder = pathlib.Path(sys.argv[1])

def keep(kind, what):
    with (folder / kind).open("a") as file:
        file.write(json.dumps({"at": time.time(), "what": what}) + "\\n")

class Hooks(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        kind, body = self.path.strip("/"), self.rfile.read(int(self.headers["Content-Length"]))
        refused = (folder / ("refuse-" + kind)).exists()
        if not refused:
            keep(kind, json.loads(body))
        self.send_response(403 if refused else 200)
        self.end_headers()
        self.wfile.write(b"no" if refused else b"ok")
    def log_message(self, *_):
        pass

class Mail:
    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content)
        parts = [part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()]
        keep("mail", {"to": envelope.rcpt_tos, "subject": str(message["Subject"]), "text": "".join(parts)})
        return "250 OK"

Controller(Mail(), hostname="127.0.0.1", port=9925).start()
http.server.ThreadingHTTPServer(("127.0.0.1", 9900), Hooks).serve_forever()
'''

machine.start()
machine.succeed("install -d -m 0700 /var/lib/secrets")
machine.succeed("printf http://127.0.0.1:9900/slack >/var/lib/secrets/slack-webhook")
machine.succeed(f"mkdir -p {FOLDER} && cat >{FOLDER}/receivers.py <<'EOF'\n{RECEIVERS}\nEOF")
machine.succeed(f"systemd-run --quiet --unit=receivers -- $(command -v python3) {FOLDER}/receivers.py {FOLDER}")
machine.wait_for_open_port(9900)
machine.wait_for_open_port(9925)
# Its secret has come later than the machine was switched on.
machine.succeed("systemctl restart alertmanager.service")
wait_for_shop(machine)
wait_for_back_ends(machine)


def received(kind: str) -> list[Any]:
    """What a receiver was sent by now: when, and what."""
    lines = machine.succeed(f"cat {FOLDER}/{kind} 2>/dev/null || true").splitlines()
    return [json.loads(line) for line in lines]


def told(alert: str, status: str, since: float, **labels: str) -> dict[str, float]:
    """When each receiver was told of an alert after a moment, by what it is: seconds from then."""
    when: dict[str, float] = {}
    for one in received("webhook"):
        for entry in one["what"]["alerts"]:
            given, notes = entry["labels"], entry["annotations"]
            same = all(given.get(name) == value for name, value in labels.items())
            if given["alertname"] == alert and entry["status"] == status and same and one["at"] > since:
                assert notes["runbook_url"].endswith(f"/{alert}.md"), entry
                assert notes["summary"] and notes["description"] and "/d/" in notes["dashboard"], entry
                assert "/explore?" in notes["logs"], entry
                when.setdefault("webhook", one["at"] - since)
    for one in received("slack"):
        text = json.dumps(one["what"])
        if f"/{alert}.md|Runbook" in text and status.upper() in text and one["at"] > since:
            when.setdefault("slack", one["at"] - since)
    for one in received("mail"):
        subject, text = one["what"]["subject"], one["what"]["text"]
        if f"[{status.upper()}] {alert}" in subject and f"/{alert}.md" in text and one["at"] > since:
            assert one["what"]["to"] == ["operations@example.org"], one
            when.setdefault("mail", one["at"] - since)
    return when


def now() -> float:
    return float(machine.succeed("date +%s.%N"))


def is_told(alert: str, status: str, since: float, bound: float, **labels: str) -> None:
    """Waits until all three receivers know."""
    when = eventually(
        f"{alert} is told as {status}",
        lambda: told(alert, status, since, **labels),
        lambda when: set(when) == {"webhook", "slack", "mail"},
        bound,
    )
    log.info(f"{alert} {status} after {', '.join(f'{kind} {seconds:.0f} s' for kind, seconds in when.items())}")
    assert max(when.values()) < bound, when


def firing() -> set[str]:
    """The alerts that fire by Prometheus, told or not."""
    answer = get(machine, f"{PROMETHEUS}/api/v1/alerts") or {"data": {"alerts": []}}
    return {one["labels"]["alertname"] for one in answer["data"]["alerts"] if one["state"] == "firing"}


with subtest("the alert that always fires reaches the dead man's switch, and nobody else"):
    eventually("the switch is told", lambda: received("dead-mans-switch"), lambda all: bool(all), 90)
    assert not any("Watchdog" in json.dumps(one) for kind in ("webhook", "slack", "mail") for one in received(kind))

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
    begun = now()
    machine.succeed("systemctl stop product-service.socket product-service.service")
    is_told("ServiceDown", "firing", begun, BOUND, service="product-service")
    over = now()
    machine.succeed("systemctl start product-service.socket product-service.service")
    wait_for_shop(machine)
    is_told("ServiceDown", "resolved", over, 120, service="product-service")

with subtest("a dead service silences what customers feel of it"):
    begun = now()
    machine.succeed("systemctl stop inventory-service.socket inventory-service.service")
    is_told("ServiceDown", "firing", begun, BOUND, service="inventory-service")
    machine.execute("load-generator --target http://127.0.0.1:3001 --rate 20 --duration 90s --orders-only --restock --report -")
    symptoms = {"ServerErrors", "OrdersFailFast"}
    eventually("customers feel it", firing, lambda alerts: bool(alerts & symptoms), 120)
    assert not any(told(alert, "firing", begun) for alert in symptoms)
    machine.succeed("systemctl start inventory-service.socket inventory-service.service")
    wait_for_shop(machine)

with subtest("a service that hangs is restarted by its watchdog, and told"):
    begun = now()
    machine.succeed(f"kill -STOP {main_pid(machine, 'gateway-service')}")
    is_told("UnitRestarted", "firing", begun, 120, service="gateway-service")
    wait_for_shop(machine)

with subtest("a service that is killed again and again does not stay up"):
    begun = now()
    for _ in range(6):
        machine.succeed(f"kill -KILL {main_pid(machine, 'order-service')}")
        machine.wait_until_succeeds("curl -sf --max-time 20 http://127.0.0.1:8083/health", timeout=60)
        # The node exporter is asked every five seconds.
        machine.sleep(3)
    is_told("UnitFlapping", "firing", begun, 120, service="order-service")

with subtest("a back end that is away, as nobody would see it otherwise"):
    begun = now()
    machine.succeed("systemctl stop prometheus-node-exporter.service")
    is_told("TargetMissing", "firing", begun, 150, job="node")
    machine.succeed("systemctl start prometheus-node-exporter.service")

with subtest("spans that cannot be sent"):
    begun = now()
    machine.succeed("systemctl stop jaeger.service" if has_jaeger else "systemctl stop trace-receiver.service")
    machine.execute("load-generator --target http://127.0.0.1:3001 --rate 50 --duration 60s --restock --report -")
    is_told("SpansDropped", "firing", begun, 240)
    machine.succeed("systemctl start jaeger.service" if has_jaeger else "systemctl start trace-receiver.service")

with subtest("a unit that failed, while Slack refuses what it is told: the others are told that, too"):
    begun = now()
    machine.succeed(f"touch {FOLDER}/refuse-slack")
    machine.execute("systemd-run --quiet --unit=broken -- false")
    eventually(
        "two of three are told",
        lambda: told("AlertsNotDelivered", "firing", begun, integration="slack"),
        lambda when: set(when) == {"webhook", "mail"},
        180,
    )
    machine.succeed(f"rm {FOLDER}/refuse-slack")
    is_told("UnitFailed", "firing", begun, 240, name="broken.service")
    machine.succeed("systemctl reset-failed broken.service")

with subtest("Alertmanager away: who was not told is told when it is back"):
    begun = now()
    machine.succeed("systemctl stop alertmanager.service")
    eventually("Prometheus notices", firing, lambda alerts: "AlertsNotSent" in alerts, 240)
    machine.succeed("systemctl start alertmanager.service")
    is_told("AlertsNotSent", "firing", begun, 360)

with subtest("a disk that is full"):
    begun = now()
    machine.succeed("mkdir -p /var/lib/disk && mount -t tmpfs -o size=4m tmpfs /var/lib/disk")
    machine.execute("cat /dev/zero >/var/lib/disk/filler")
    is_told("DiskFull", "firing", begun, 150, mountpoint="/var/lib/disk")
    machine.succeed("umount /var/lib/disk")

with subtest("a store that is full: orders fail, and customers feel it"):
    folder, units = "/var/lib/private/order-service", "order-service.socket order-service.service"
    machine.succeed(f"systemctl stop {units}")
    machine.succeed(f"mount -t tmpfs -o size=4m,mode=0700 tmpfs {folder}")
    machine.succeed(f"systemctl start {units}")
    wait_for_shop(machine)
    begun = now()
    machine.execute(f"cat /dev/zero >{folder}/filler")
    machine.succeed(
        "systemd-run --quiet --unit=load --property=Type=exec"
        " -- $(command -v load-generator) --target http://127.0.0.1:3001 --rate 20 --duration 240s --orders-only --restock --report -"
    )
    if has_logs:
        is_told("StoreCommitFails", "firing", begun, 120, service="order-service")
    is_told("ServerErrors", "firing", begun, 240, service="order-service")
    is_told("OrdersFailFast", "firing", begun, 240, window="1h")
    machine.succeed(f"systemctl stop load.service {units} && umount {folder} && systemctl start {units}")
    wait_for_shop(machine)

if has_logs:
    with subtest("an order that stays pending, as inventory is away"):
        units = "inventory-service.socket inventory-service.service"

        def pending() -> bool:
            return any(order["status"] == "PENDING" for order in all_orders(machine))

        for _ in range(10):
            machine.succeed(
                "systemd-run --quiet --collect --unit=orders --property=Type=exec"
                " -- $(command -v load-generator) --target http://127.0.0.1:3001 --rate 300 --orders-only --restock --duration 20s --report -"
            )
            machine.sleep(2)
            machine.succeed(f"systemctl kill --signal=KILL inventory-service.service; systemctl stop {units} orders.service")
            if pending():
                break
            machine.succeed(f"systemctl start {units}")
            wait_for_shop(machine)
        assert pending()
        begun = now()
        is_told("OrdersPending", "firing", begun, 180)
        machine.succeed(f"systemctl start {units}")
        eventually("every order is settled", pending, lambda there: not there)

with subtest("a product that is sold out"):
    begun = now()
    assert request(machine, "PUT", f"{FRONTEND}/api/inventory/product3", {"quantity": 0})[0] == 200
    is_told("SoldOut", "firing", begun, 420, product_id="product3")
    assert request(machine, "PUT", f"{FRONTEND}/api/inventory/product3", {"quantity": 75})[0] == 200
    is_told("SoldOut", "resolved", begun, 600, product_id="product3")

if has_logs:
    with subtest("what only the log says: a service hung"):
        begun = now()
        machine.succeed(f"kill -STOP {main_pid(machine, 'frontend')}")
        is_told("WatchdogTimeout", "firing", begun, 120, service="frontend")
        wait_for_shop(machine)
else:
    skip("alerts of Loki's ruler", LOGS_MISSING)
