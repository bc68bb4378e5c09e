"""What the scripts of the alerts share; it stands before each script, after world.py.

Three receivers on the machine of Alertmanager: a webhook, what takes Slack's webhooks, and a mail
server. Each keeps what it was sent, with the time. `is_told(machine, alert, ...)` waits until all
three know, and prints the seconds; that every alert is provoked somewhere is checked by its calls.
"""

# How soon somebody has to know of a service that is dead, in seconds.
BOUND = 60
EVERYBODY = {"webhook", "slack", "mail"}

TOLD = "/run/told"
# A file of lines for each kind.
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

# Answers by the path's beginning: {"POST /a": [status, body], ...}; all else is 200 and empty.
STAND_IN = '''
import http.server, json, pathlib, sys

answers = json.loads(pathlib.Path(sys.argv[2]).read_text())

class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = self.command + " " + self.path
        status, body = next((answers[key] for key in answers if asked.startswith(key)), (200, ""))
        self.send_response(status)
        kind = "application/json" if body[:1] in ("{", "[") else "text/plain"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    do_GET = do_POST = answer
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
'''


def start_receivers(machine: Any) -> None:
    """Starts the receivers, and Alertmanager anew, whose secret comes later than it does."""
    machine.succeed("install -d -m 0700 /var/lib/secrets")
    machine.succeed("printf http://127.0.0.1:9900/slack >/var/lib/secrets/slack-webhook")
    machine.succeed(f"mkdir -p {TOLD} && cat >{TOLD}/receivers.py <<'EOF'\n{RECEIVERS}\nEOF")
    machine.succeed(f"systemd-run --quiet --unit=receivers -- $(command -v python3) {TOLD}/receivers.py {TOLD}")
    for port in (9900, 9925):
        machine.wait_for_open_port(port)
    machine.succeed("systemctl restart alertmanager.service")


def received(machine: Any, kind: str) -> list[Any]:
    """What a receiver was sent by now: when, and what."""
    lines = machine.succeed(f"cat {TOLD}/{kind} 2>/dev/null || true").splitlines()
    return [json.loads(line) for line in lines]


def told(machine: Any, alert: str, status: str, since: float, **labels: str) -> dict[str, float]:
    """When each receiver was told of an alert after a moment, in seconds from then. What it was told
    has to lead to the runbook, the dashboard and the log lines."""
    when: dict[str, float] = {}
    for one in received(machine, "webhook"):
        for entry in one["what"]["alerts"]:
            given, notes = entry["labels"], entry["annotations"]
            same = all(given.get(name) == value for name, value in labels.items())
            if given["alertname"] == alert and entry["status"] == status and same and one["at"] > since:
                assert notes["runbook_url"].endswith(f"/{alert}.md"), entry
                assert notes["summary"] and notes["description"] and "/d/" in notes["dashboard"], entry
                assert "/explore?" in notes["logs"], entry
                when.setdefault("webhook", one["at"] - since)
    for one in received(machine, "slack"):
        text = json.dumps(one["what"])
        if f"/{alert}.md|Runbook" in text and status.upper() in text and one["at"] > since:
            assert "|Dashboard>" in text and "|Logs>" in text, text
            when.setdefault("slack", one["at"] - since)
    for one in received(machine, "mail"):
        subject, text = one["what"]["subject"], one["what"]["text"]
        if f"[{status.upper()}] {alert}" in subject and f"/{alert}.md" in text and one["at"] > since:
            assert one["what"]["to"] == ["operations@example.org"], one
            assert "/d/" in text and "/explore?" in text, text
            when.setdefault("mail", one["at"] - since)
    return when


def is_told(
    machine: Any,
    alert: str,
    since: float,
    bound: float,
    status: str = "firing",
    to: set[str] = EVERYBODY,
    **labels: str,
) -> None:
    """Waits until the receivers know, at most so many seconds from a moment."""
    when = eventually(
        f"{alert} is told as {status}",
        lambda: told(machine, alert, status, since, **labels),
        lambda when: set(when) >= to,
        max(since + bound - now(machine), 1),
    )
    log.info(f"{alert} {status} after {', '.join(f'{kind} {seconds:.0f} s' for kind, seconds in when.items())}")
    assert max(when.values()) < bound, when


def now(machine: Any) -> float:
    return float(machine.succeed("date +%s.%N"))


def firing(machine: Any) -> set[str]:
    """The alerts that fire by Prometheus, told or not."""
    answer = get(machine, f"{PROMETHEUS}/api/v1/alerts") or {"data": {"alerts": []}}
    return {one["labels"]["alertname"] for one in answer["data"]["alerts"] if one["state"] == "firing"}


def shop_unit(service: str) -> str:
    """A service with its socket, as systemctl is told."""
    return f"{service}.socket {service}.service"


def start_stand_in(machine: Any, service: str, port: int, answers: dict[str, tuple[int, str]]) -> None:
    """Puts a program that answers as it is told in the place of a unit; `stop_stand_in` ends it."""
    machine.succeed(f"cat >/run/stand-in.py <<'EOF'\n{STAND_IN}\nEOF")
    machine.succeed(f"cat >/run/answers-{port}.json <<'EOF'\n{json.dumps(answers)}\nEOF")
    machine.succeed(f"systemctl stop {service}")
    machine.succeed(
        f"systemd-run --quiet --collect --unit=stand-in-{port}"
        f" -- $(command -v python3) /run/stand-in.py {port} /run/answers-{port}.json"
    )
    machine.wait_for_open_port(port)


def stop_stand_in(machine: Any, service: str, port: int) -> None:
    machine.succeed(f"systemctl stop stand-in-{port}.service; systemctl start {service}")


def fill_store(machine: Any, service: str) -> None:
    """Starts a service with an empty store on a disk that is full."""
    folder = f"/var/lib/private/{service}"
    machine.succeed(f"systemctl stop {shop_unit(service)}")
    machine.succeed(f"mount -t tmpfs -o size=4m,mode=0700 tmpfs {folder}")
    machine.succeed(f"systemctl start {shop_unit(service)}")
    wait_for_shop(machine)
    machine.execute(f"cat /dev/zero >{folder}/filler")


def empty_store(machine: Any, service: str) -> None:
    """Gives a service its own store again."""
    units = shop_unit(service)
    machine.succeed(f"systemctl stop {units} && umount /var/lib/private/{service} && systemctl start {units}")
    wait_for_shop(machine)


def remember_an_hour(machine: Any, usual: dict[str, float]) -> None:
    """Puts an hour of these values into Prometheus' store, which the PromQL bands have to have learned
    and a test has not the time for: one sample each half a minute, ten minutes ago."""
    end = int(now(machine)) - 600
    times = range(end - 3600, end, 30)
    lines = ["# TYPE shop:signal:usual gauge"]
    for signal, value in usual.items():
        lines += [f'shop:signal:usual{{signal="{signal}"}} {value} {time}' for time in times]
    text = "\n".join([*lines, "# EOF"])
    given = f"/proc/{main_pid(machine, 'prometheus')}/cmdline"
    store = machine.succeed(f"tr '\\0' '\\n' <{given} | sed -n 's/^--storage.tsdb.path=//p'").strip().rstrip("/")
    machine.succeed(f"cat >/run/usual.txt <<'EOF'\n{text}\nEOF")
    machine.succeed("systemctl stop prometheus.service")
    machine.succeed(f"promtool tsdb create-blocks-from openmetrics /run/usual.txt {store}/")
    machine.succeed(f"chown -R --reference={store}/. {store}/")
    machine.succeed("systemctl start prometheus.service")
