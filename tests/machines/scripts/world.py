"""What every script asks of the machines, in either world; it stands before each script.

A NixOS test and a Debian machine differ in one thing only: which programs are there.
`missing_programs` names those that are not, and `skip(what, program)` counts what is left out for
want of one. Without Jaeger a receiver in memory answers for traces, without Loki and Promtail the
journal itself answers for log lines; Prometheus is always there.
"""

import json
import math
import time
import urllib.parse
from typing import Any, Callable

FRONTEND = "http://127.0.0.1:3001"
GATEWAY = "http://127.0.0.1:8080"
JAEGER = "http://127.0.0.1:16686"
LOKI = "http://127.0.0.1:3100"
PROMETHEUS = "http://127.0.0.1:9090"
ALERTMANAGER = "http://127.0.0.1:9093"
TRACES = "http://127.0.0.1:4318" if "jaeger" in missing_programs else JAEGER

# Each service of the shop by its unit, with the port where it answers probes. Where services have no
# identities that is the one of all requests: SERVICES.update(PLAIN).
SERVICES = {
    "frontend": 3001,
    "gateway-service": 8080,
    "product-service": 8181,
    "inventory-service": 8182,
    "order-service": 8183,
}
PLAIN = {"product-service": 8081, "inventory-service": 8082, "order-service": 8083}
# What the services of one host have, by default.
IDENTITIES = "/run/hello-observability-identity"

has_jaeger = "jaeger" not in missing_programs
has_logs = not {"loki", "promtail"} & missing_programs
# For want of which the log lines have to come from the journal.
LOGS_MISSING = "loki" if "loki" in missing_programs else "promtail"

# The spans of an order that begins at the frontend server: depth, service, name.
ORDER_SPANS = [
    (0, "frontend", "POST /api/orders"),
    (1, "frontend", "POST /api/orders"),
    (2, "gateway-service", "POST /api/orders"),
    (3, "gateway-service", "POST /orders"),
    (4, "order-service", "POST /orders"),
    (5, "order-service", "create_order"),
    (6, "order-service", "get_product_details"),
    (7, "order-service", "GET /products/{id}"),
    (8, "product-service", "GET /products/{id}"),
    (9, "product-service", "SELECT products"),
    (6, "order-service", "check_inventory"),
    (7, "order-service", "POST /inventory/check"),
    (8, "inventory-service", "POST /inventory/check"),
    (9, "inventory-service", "SELECT stock"),
    (6, "order-service", "INSERT orders"),
    (7, "order-service", "COMMIT orders.db"),
    (6, "order-service", "update_inventory"),
    (7, "order-service", "POST /inventory/reservations"),
    (8, "inventory-service", "POST /inventory/reservations"),
    (9, "inventory-service", "INSERT reservations"),
    (10, "inventory-service", "COMMIT inventory.db"),
    (6, "order-service", "UPDATE orders"),
    (7, "order-service", "COMMIT orders.db"),
]
# A write has this span only when another was just being committed, such as that of a probe.
WAIT_SPAN = "wait for the writer"


def eventually(what: str, ask: Callable[[], Any], holds: Callable[[Any], bool], bound: float = 60) -> Any:
    """Asks until the answer holds; fails with the last answer. A minute forgives a slow machine."""
    begun = time.monotonic()
    while True:
        answer = ask()
        if holds(answer):
            return answer
        if time.monotonic() > begun + bound:
            raise Exception(f"{what}: not within {bound} s, but\n{answer!r}")
        # To ask costs some processes: the longer a wait, the rarer they are.
        time.sleep(min(max(0.1, (time.monotonic() - begun) / 10), 1))


def get(machine: Any, url: str, **query: str) -> Any:
    """The JSON at a URL; None while there is none."""
    target = f"{url}?{urllib.parse.urlencode(query)}" if query else url
    status, body = machine.execute(f"curl -sf --max-time 10 {curl_headers(url)} '{target}'")
    return json.loads(body) if status == 0 and body.strip() else None


def curl_headers(url: str) -> str:
    # Loki tells structured metadata apart from labels only when asked to.
    return "-H 'X-Loki-Response-Encoding-Flags: categorize-labels'" if "/loki/api/" in url else ""


def request(machine: Any, method: str, url: str, body: Any = None, bound: int = 30) -> tuple[int, dict[str, str], Any]:
    """One request: its status, its headers by lower-case name, its body."""
    data = f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'" if body is not None else ""
    text = machine.succeed(f"curl -sS -i --max-time {bound} -X {method} {data} '{url}'")
    head, _, rest = text.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, json.loads(rest) if rest.strip() else None


def read(machine: Any, url: str) -> Any:
    """What a URL of the shop holds. A shop that has just booted beside other machines may say 503, that it
    did nothing and is to be asked again."""
    status, _, body = eventually(url, lambda: request(machine, "GET", url), lambda answer: answer[0] != 503)
    assert status == 200, body
    return body


def buy(machine: Any, product: str = "product1", quantity: int = 1, door: str = FRONTEND) -> tuple[int, Any, str]:
    """An order: the status of the answer, its body, and the id of its trace."""
    status, headers, body = request(
        machine, "POST", f"{door}/api/orders", {"productId": product, "quantity": quantity}
    )
    return status, body, headers["traceresponse"].split("-")[1]


def start_load(machine: Any, arguments: str, report: str = "-") -> None:
    """Traffic in the background, as the unit `load`; its report is written at its end."""
    machine.succeed(
        "systemd-run --quiet --collect --unit=load --property=Type=exec"
        f" -- $(command -v load-generator) --target {FRONTEND} --report {report} {arguments}"
    )


def start_watchful_load(machine: Any) -> None:
    """Traffic for `end_watchful_load`."""
    start_load(machine, "--rate 50 --forever", report="/tmp/report.json")


def end_watchful_load(machine: Any) -> Any:
    """Its report, by which no connection was refused and none broke off."""
    machine.succeed("systemctl stop load.service")
    report = json.loads(machine.succeed("cat /tmp/report.json"))
    kinds = {kind for endpoint in report["endpoints"].values() for kind in endpoint.get("failed", {})}
    assert not kinds & {"connect", "broken"}, report["endpoints"]
    return report


def curl_as(service: str) -> str:
    """What curl is told to be taken for a service. The names of those that it asks are SPIFFE IDs, which it
    does not know."""
    return f"--insecure --cert {IDENTITIES}/{service}/certificate.pem --key {IDENTITIES}/{service}/key.pem"


def stock(machine: Any, product: str, door: str = FRONTEND) -> int:
    return read(machine, f"{door}/api/inventory/{product}")["quantity"]


def all_orders(machine: Any) -> list[Any]:
    """Every order, page by page."""
    orders: list[Any] = []
    while True:
        after = f"&after={orders[-1]['id']}" if orders else ""
        page = read(machine, f"{FRONTEND}/api/orders?limit=500{after}")
        orders += page
        if len(page) < 500:
            return orders


def sold(orders: list[Any], product: str) -> int:
    """How many pieces of a product these orders have taken."""
    return sum(o["quantity"] for o in orders if o["productId"] == product and o["status"] == "CREATED")


def main_pid(machine: Any, unit: str) -> str:
    """The process of a service."""
    return machine.get_unit_property(f"{unit}.service", "MainPID")


def spans_of(machine: Any, trace_id: str, traces: str = TRACES) -> list[dict[str, Any]]:
    """What there is by now of a trace, by the start of its spans."""
    answer = get(machine, f"{traces}/api/v3/traces/{trace_id}") or {"result": {"resourceSpans": []}}
    spans = []
    for resource in answer["result"]["resourceSpans"]:
        attributes = {a["key"]: a["value"] for a in resource["resource"]["attributes"]}
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                spans.append({**span, "service": attributes["service.name"]["stringValue"]})
    return sorted(spans, key=lambda span: int(span["startTimeUnixNano"]))


def tree_of(spans: list[dict[str, Any]], parent: str = "", depth: int = 0) -> list[tuple[int, str, str]]:
    """Depth, service and name of each span, each below its parent; those of a wait are left out."""
    lines = []
    for span in spans:
        if span.get("parentSpanId", "") == parent and span["name"] != WAIT_SPAN:
            lines.append((depth, span["service"], span["name"]))
            lines += tree_of(spans, span["spanId"], depth + 1)
    return lines


def whole_trace(machine: Any, trace_id: str, traces: str = TRACES) -> list[dict[str, Any]]:
    """All spans of an order, each under its parent."""
    return eventually(
        f"trace {trace_id} has every hop under its parent",
        lambda: spans_of(machine, trace_id, traces),
        lambda spans: tree_of(spans) == ORDER_SPANS,
    )


def lines_of(machine: Any, trace_id: str, loki: str = LOKI) -> list[dict[str, Any]]:
    """What there is by now of the log lines of a trace, from Loki or, without it, the journal:
    service, unit, level, host, message, and the ids. In Loki also `labels`, those of its stream.
    """
    if not has_logs:
        return journal_of(machine, trace_id)
    answer = get(
        machine,
        f"{loki}/loki/api/v1/query_range",
        query=f'{{service=~".+"}} | trace_id="{trace_id}"',
        since="24h",
        limit="5000",
    )
    lines = []
    for stream in (answer or {"data": {"result": []}})["data"]["result"]:
        for _, message, metadata in stream["values"]:
            ids = metadata.get("structuredMetadata", {})
            labels = stream["stream"]
            lines.append({**labels, **ids, "message": message, "labels": sorted(labels)})
    return lines


def whole_log(machine: Any, trace_id: str, loki: str = LOKI) -> list[dict[str, Any]]:
    """The log lines of an order, once each service that it passed has one."""
    return eventually(
        f"every service has a line of the trace {trace_id}",
        lambda: lines_of(machine, trace_id, loki),
        lambda lines: {line["service"] for line in lines} == set(SERVICES),
    )


LEVELS = {"3": "error", "4": "warning", "5": "notice", "6": "info", "7": "debug"}


def journal_of(machine: Any, trace_id: str) -> list[dict[str, Any]]:
    entries = machine.succeed(f"journalctl --quiet --output=json TRACE_ID={trace_id} || true")
    lines = []
    for entry in map(json.loads, entries.splitlines()):
        unit = entry["_SYSTEMD_UNIT"]
        lines.append(
            {
                "service": unit.removesuffix(".service"),
                "unit": unit,
                "level": LEVELS[entry["PRIORITY"]],
                "host": entry["_HOSTNAME"],
                "message": entry["MESSAGE"],
                "trace_id": entry["TRACE_ID"],
                "span_id": entry["SPAN_ID"],
                "request_id": entry["REQUEST_ID"],
            }
        )
    return lines


def metric(machine: Any, query: str, prometheus: str = PROMETHEUS) -> float:
    """The sum of what a query answers now; 0 where there is nothing, and without an answer what no
    condition holds of."""
    answer = get(machine, f"{prometheus}/api/v1/query", query=query)
    if not answer:
        return math.nan
    return sum(float(one["value"][1]) for one in answer["data"]["result"])


def own_metric(machine: Any, service: str, name: str, *labels: str) -> float:
    """The sum of a family at the service itself, of the series that have all these labels."""
    text = machine.succeed(f"curl -sf http://127.0.0.1:{SERVICES[service]}/actuator/prometheus")
    values = [
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.split("{")[0].split(" ")[0] == name and all(label in line for label in labels)
    ]
    return sum(values)


def booted(machine: Any) -> None:
    """Until it is up: a virtual machine may take minutes, which no wait after this has to count."""
    machine.wait_for_unit("multi-user.target")


def wait_for_shop(machine: Any) -> None:
    """Until each service has said that it is ready, and answers."""
    booted(machine)
    for unit, port in SERVICES.items():
        machine.wait_for_unit(f"{unit}.service")
        machine.wait_until_succeeds(f"curl -sf --max-time 5 http://127.0.0.1:{port}/health", timeout=60)


def wait_for_back_ends(machine: Any) -> None:
    """Until every back end that is there takes what it is sent, and answers."""
    booted(machine)
    ready = [f"{PROMETHEUS}/-/ready", f"{ALERTMANAGER}/-/ready"]
    if has_jaeger:
        ready.append("http://127.0.0.1:13133/status")
    if has_logs:
        ready += [f"{LOKI}/ready", "http://127.0.0.1:9080/ready"]
    for url in ready:
        machine.wait_until_succeeds(f"curl -sf --max-time 5 {url}", timeout=120)
