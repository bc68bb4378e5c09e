"""Long: the anomaly detector learns the shop under load, tells of what goes wrong within a minute and of
hardly anything else, in one alert, and beside it stands what the PromQL bands have found by then."""

import re

DETECTOR = "http://127.0.0.1:8084"
# From its start to being known.
WITHIN = 60
# How long a fault lasts: the PromQL bands have more than a minute as well.
LASTS = 90

BANDS = "shop:signal > shop:signal:upper or shop:signal < shop:signal:lower"
BANDS_FIRE = 'ALERTS{alertname=~".*Unusual",alertstate="firing"}'
table: list[tuple[str, str, str, str]] = []


def found_since(since: float) -> list[str]:
    """What was told from a moment on: for each event what was first, and what belongs to it."""
    lines = machine.succeed(f"journalctl -u anomaly-detector --since @{int(since)} -o json -q || true").splitlines()
    entries = [entry for entry in map(json.loads, lines) if str(entry["MESSAGE"]).startswith("Anomaly: ")]
    return [f"{entry['MESSAGE']}; {entry.get('ALSO', '')}" for entry in entries]


def first_of_range(query: str, begun: float, end: float) -> str:
    """What a query first answered after a moment, and how many seconds after it; what it answered at that
    moment already is of the fault before."""
    answer = get(machine, f"{PROMETHEUS}/api/v1/query_range", query=query, start=str(begun), end=str(end), step="1")
    first = sorted((float(one["values"][0][0]) - begun, str(one["metric"].get("signal"))) for one in answer["data"]["result"])
    new = [f"{signal} {seconds:.0f} s" for seconds, signal in first if seconds >= 1]
    return ", ".join(new) or f"not in {end - begun:.0f} s"


def wait_for_quiet() -> None:
    """Until the last event is over, and so long ago that what comes now is one of its own."""
    eventually(
        "it is quiet",
        lambda: metric(machine, "sum(anomaly_events_active) or vector(0)")
        + metric(machine, "sum(increase(anomaly_events_total[130s]))"),
        lambda count: count == 0,
        400,
    )


def is_found(
    what: str, pattern: str, begin: Callable[[], Any], end: Callable[[], Any], is_down: bool = False
) -> None:
    """Begins a fault, waits until it is found and told, and ends it. Of a service that is down somebody is
    told by ServiceDown, which inhibits all that is said of it besides."""
    wait_for_quiet()
    begun = now(machine)
    begin()
    try:
        eventually(
            f"{what}: found",
            lambda: found_since(begun),
            lambda events: any(re.search(pattern, event) for event in events),
            WITHIN,
        )
        seconds = now(machine) - begun
        log.info(f"{what}: {'; '.join(found_since(begun))}")
        assert seconds <= WITHIN, seconds
        if is_down:
            is_told(machine, "ServiceDown", begun, 120)
        else:
            is_told(machine, "AnomalyFound", begun, 120)
        eventually(
            f"{what}: AnomalyFound fires", lambda: firing(machine), lambda alerts: "AnomalyFound" in alerts, 60
        )
        machine.sleep(max(0, int(begun + LASTS - now(machine))))
    except Exception:
        log.info(f"{what}: told {found_since(begun)}; known {known()}")
        raise
    finally:
        end()
    over = now(machine)
    unusual = get(machine, f"{PROMETHEUS}/api/v1/query", query="count by (query) (anomaly_score >= 0.99)")
    log.info(f"unusual in the end: {sorted(one['metric']['query'] for one in unusual['data']['result'])}")
    row = (what, f"{seconds:.0f} s", first_of_range(BANDS, begun, over), first_of_range(BANDS_FIRE, begun, over))
    log.info(" | ".join(row))
    table.append(row)
    wait_for_shop(machine)


def known() -> list[str]:
    """The last values of each series that is not quite at home in its band, for a message."""
    lines = machine.succeed(f"curl -sf {DETECTOR}/actuator/prometheus").splitlines()
    return [line for line in lines if line.startswith(("anomaly_observed", "anomaly_lower", "anomaly_upper"))]


def own_metric_of_detector(name: str) -> float:
    text = machine.succeed(f"curl -sf {DETECTOR}/actuator/prometheus")
    lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def set_stock(quantity: int) -> None:
    for product in ("product1", "product2", "product3"):
        request(machine, "PUT", f"{FRONTEND}/api/inventory/{product}", {"quantity": quantity})


def run(command: str) -> Callable[[], Any]:
    return lambda: machine.succeed(command)


# Traffic as of a day that lasts 25 minutes: from 70 to 90 requests a second and back, and by chance some
# seven to eight orders. What kind of traffic it is stands in a file.
DAY, KIND = 1500, "/run/kind-of-traffic"
DAY_PROGRAM = f'''
import math, pathlib, subprocess, time

begun = time.monotonic()
while True:
    rate = 80 + 10 * math.sin(2 * math.pi * (time.monotonic() - begun) / {DAY})
    kind = pathlib.Path("{KIND}").read_text().split()
    load = ["load-generator", "--target", "{FRONTEND}", "--report", "-", "--rate", str(round(rate))]
    subprocess.run([*load, "--duration", "5s", *kind], stdout=subprocess.DEVNULL)
'''


def traffic_is(kind: str) -> None:
    """As much traffic as before, of another kind."""
    machine.succeed(f"echo '{kind}' >{KIND}")


def start_day() -> None:
    traffic_is("")
    machine.succeed(f"cat >/run/day.py <<'EOF'\n{DAY_PROGRAM}\nEOF")
    path = "--setenv=PATH=$(dirname $(command -v load-generator))"
    machine.succeed(f"systemd-run --quiet --unit=day {path} -- $(command -v python3) /run/day.py")


PLENTY = 1_000_000_000
# Prometheus reads the metrics of the product service through this one. While the file STUCK is there it
# answers what it answered last: counters that stand still, of a service that works.
MIRROR, STUCK = 9981, "/run/stuck"
MIRROR_PROGRAM = f'''
import http.server, pathlib, urllib.request

last = {{}}

class Mirror(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if not (self.path in last and pathlib.Path("{STUCK}").exists()):
            asked = {{name: self.headers[name] for name in ("Accept",) if name in self.headers}}
            request = urllib.request.Request("http://127.0.0.1:8181" + self.path, headers=asked)
            with urllib.request.urlopen(request, timeout=5) as answer:
                last[self.path] = answer.headers["Content-Type"], answer.read()
        kind, body = last[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", {MIRROR}), Mirror).serve_forever()
'''


def mirror_metrics() -> None:
    machine.succeed(f"cat >/run/mirror.py <<'EOF'\n{MIRROR_PROGRAM}\nEOF")
    machine.succeed("systemd-run --quiet --unit=mirror -- $(command -v python3) /run/mirror.py")
    machine.wait_for_open_port(MIRROR)
    given = f"/proc/{main_pid(machine, 'prometheus')}/cmdline"
    settings = machine.succeed(f"tr '\\0' '\\n' <{given} | sed -n 's/^--config.file=//p'").strip()
    machine.succeed(f"sed 's/127.0.0.1:8181/127.0.0.1:{MIRROR}/' {settings} >/run/mirrored.yml")
    machine.succeed(f"grep --quiet :{MIRROR} /run/mirrored.yml && mount --bind /run/mirrored.yml {settings}")
    machine.succeed("systemctl restart prometheus.service")


machine.start()
start_receivers(machine)
wait_for_shop(machine)
machine.wait_for_unit("anomaly-detector.service")
mirror_metrics()
set_stock(PLENTY)
start_day()
# The shop without customers is another one.
machine.succeed("systemctl stop anomaly-detector.socket anomaly-detector.service")
machine.succeed("rm -rf /var/lib/private/anomaly-detector/*")
machine.sleep(30)
machine.succeed("systemctl start anomaly-detector.socket anomaly-detector.service")

with subtest("it learns what is usual, and finds nothing"):
    started = now(machine)
    machine.sleep(150)
    eventually(
        "each service has a band",
        lambda: metric(machine, 'count(anomaly_upper{query="rate"} > anomaly_lower{query="rate"})'),
        lambda count: count == len(SERVICES),
        120,
    )
    # Forty rounds of five seconds, and two minutes in which it may find something. The load is as old as
    # the five minutes of the bands' rates.
    machine.sleep(int(started + 320 - now(machine)))
    assert metric(machine, "anomaly_detector_last_round_timestamp_seconds") > now(machine) - 15
    # The bands are given an hour of what is so just now: they are as narrow as they get.
    signals = {name: metric(machine, f'shop:signal{{signal="{name}"}}') for name in ("rate", "latency", "order_value")}
    log.info(f"usual by PromQL: {signals}")
    remember_an_hour(machine, signals)
    eventually(
        "the bands have learned", lambda: metric(machine, "count(shop:signal:upper)"), lambda count: count == 3, 90
    )
    quiet = found_since(started)
    log.info(f"found while it learned: {quiet}")
    assert len(quiet) <= 1, quiet

is_found(
    "a burst of errors",
    "share of server errors of (frontend|gateway-service)",
    run("scenario start burst-of-errors"),
    run("scenario stop burst-of-errors"),
)
is_found(
    "slow look-ups",
    "response time",
    run("scenario start slow-look-ups"),
    run("scenario stop slow-look-ups"),
)
is_found(
    "a leak",
    "resident memory .* of product-service",
    run("scenario start memory-growth"),
    run("scenario stop memory-growth"),
)
is_found(
    "stock that is lost",
    "pieces in stock",
    lambda: set_stock(0),
    lambda: set_stock(PLENTY),
)
is_found(
    "counters that are stuck",
    "requests a second of product-service",
    run(f"touch {STUCK}"),
    run(f"rm {STUCK}"),
)
is_found(
    "a drop of orders, with the traffic unchanged",
    "orders a second",
    lambda: traffic_is("--orders 0.005"),
    lambda: traffic_is(""),
)
is_found(
    "a service that is gone, with its series",
    "inventory-service is missing",
    run("systemctl stop inventory-service.socket inventory-service.service"),
    run("systemctl start inventory-service.socket inventory-service.service"),
    is_down=True,
)

with subtest("planned work is silenced"):
    wait_for_quiet()
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
        lambda: own_metric_of_detector("anomaly_events_active")
        or metric(machine, 'sum(anomaly_events_total{silenced="true"})'),
        lambda count: count >= 1,
        WITHIN + 10,
    )
    assert own_metric_of_detector("anomaly_events_active") == 0
    machine.succeed("scenario stop burst-of-errors")

with subtest("what was learned outlives a restart"):
    series = metric(machine, "anomaly_detector_series")
    machine.succeed("systemctl restart anomaly-detector.service")
    eventually(
        "it goes on", lambda: own_metric_of_detector("anomaly_detector_series"), lambda count: count >= series, 60
    )
    assert own_metric_of_detector("anomaly_events_active") == 0

heads = ("fault", "detector", "PromQL band left", "its alert fires")
for row in (heads, *table):
    log.info("| " + " | ".join(row) + " |")
log.info(f"events in all: {len(found_since(started))}, of {len(table)} faults, in {now(machine) - started:.0f} s")
