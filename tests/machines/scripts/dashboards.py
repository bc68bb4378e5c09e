"""Every query of the dashboards, of Grafana's links, and of the rules is valid, and what it asks for is
there after a minute with faults: a metric, a label or a field of a log line that is renamed fails it."""

import re
from typing import Iterator, NamedTuple

# What selectors ask for that is not there, as a pattern, and why; the two lists hold no others.
ABSENT = {
    # Of a service that has none.
    r'^store_\w+\{job="(frontend|gateway-service)"': "it has no store",
    r'^(job_peer:)?http_client_\w+(:\w+)?\{job="(product|inventory)-service"': "it calls nobody",
    # While all is well. What these wait for the machine cannot make within a minute.
    r"^shop:signal:(mean|deviation|floor|width|upper|lower)": "what is usual is learned for twenty minutes",
    r'^ALERTS\{.*service="(frontend|gateway-service|inventory-service)"': "no alert is about it",
    r"otelcol_exporter_send_failed_spans": "there is no series of it until Jaeger's disk fails",
}

# What Grafana puts in the place of its variables; each value of `service` is one query.
INTERVALS = {"$__rate_interval": "20s", "$__interval": "15s", "$__range": "5m"}
VALUES = {
    "microservices": {"$service": [".+"]},
    "service": {"$service": list(SERVICES)},
    "hosts": {"$instance": [".+"]},
}


class Query(NamedTuple):
    """A question to a back end: where it stands, to whom it goes, and which labels of the answer are
    shown or linked to."""

    where: str
    kind: str
    expr: str
    shown: frozenset[str] = frozenset()
    # Whether the condition of an alert, which is false while all is well.
    is_alert: bool = False
    # The record that is made of the answer.
    record: str = ""


def filled(text: str, values: dict[str, str]) -> str:
    for name, value in {**INTERVALS, **values}.items():
        text = text.replace(name, value)
    return text


def fillings(uid: str, text: str) -> Iterator[str]:
    """A text of a dashboard with each of the values of its variable."""
    for name, values in VALUES.get(uid, {}).items():
        if name in text:
            yield from (filled(text, {name: value}) for value in values)
            return
    yield filled(text, {})


def all_panels(dashboard: Any) -> list[Any]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def links_of(panel: Any) -> list[str]:
    """The addresses to which a panel leads."""
    defaults, overrides = panel["fieldConfig"]["defaults"], panel["fieldConfig"]["overrides"]
    lists = [defaults.get("links", [])]
    lists += [one["value"] for o in overrides for one in o["properties"] if one["id"] == "links"]
    return [link["url"] for links in lists for link in links]


def shown_labels(panel: Any, target: Any) -> frozenset[str]:
    """The labels that a legend, a link or a column of a table takes from the answer to a target."""
    names = re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))
    names += re.findall(r"__field\.labels\.(\w+)", " ".join(links_of(panel)))
    for change in panel.get("transformations", []):
        names += change["options"].get("include", {}).get("names", [])
    return frozenset(names) - {"Value"}


def of_dashboard(uid: str, dashboard: Any) -> Iterator[Query]:
    for panel in all_panels(dashboard):
        for target in panel["targets"]:
            kind, where = target["datasource"]["uid"], f"{uid}: {panel['title']} {target['refId']}"
            expr = target["expr"] if "expr" in target else json.dumps(target)
            for one in fillings(uid, expr):
                yield Query(where, kind, one, shown_labels(panel, target))
                if target.get("exemplar"):
                    yield Query(f"{where}, its traces", "exemplars", one)
    for annotation in dashboard["annotations"]["list"]:
        shown = frozenset(re.findall(r"\{\{(\w+)\}\}", annotation["titleFormat"]))
        # The service that is started and deployed here.
        expr = filled(annotation["target"]["expr"], {"$service": "product-service"})
        yield Query(f"{uid}: {annotation['name']}", "prometheus", expr, shown)


def of_rules() -> Iterator[Query]:
    for group in ask(f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]:
        for rule in group["rules"]:
            where, is_alert = f"rule {rule['name']}", rule["type"] == "alerting"
            assert rule["health"] != "err", rule
            record = "" if is_alert else rule["name"]
            yield Query(where, "prometheus", rule["query"], is_alert=is_alert, record=record)
            for text in rule.get("annotations", {}).values():
                for asked in re.findall(r'query "((?:[^"\\]|\\.)*)"', text):
                    yield Query(f"{where}, a text of it", "prometheus", asked.replace('\\"', '"'))
    if has_logs:
        for group in ask(f"{LOKI}/prometheus/api/v1/rules")["data"]["groups"]:
            for rule in group["rules"]:
                yield Query(f"rule {rule['name']}", "loki", rule["query"], is_alert=True)


def ask(url: str, **query: str) -> Any:
    """The JSON at a URL; what is no valid query fails at once."""
    status, text = machine.execute(
        f"curl -sS --max-time 20 {curl_headers(url)} '{url}' --get "
        + " ".join("--data-urlencode " + quoted(f"{name}={value}") for name, value in query.items())
    )
    assert status == 0 and text.startswith("{"), f"{url} {query}: {text}"
    answer = json.loads(text)
    assert answer.get("status", "success") == "success", f"{query}: {answer}"
    return answer


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# PromQL, as far as it has to be known to find what is asked for.
STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
SELECTOR = re.compile(rf"(?<![\w.])([a-zA-Z_:][\w:]*)?\s*(\{{(?:[^\"'{{}}]|{STRING})*\}})|(?<![\w.])([a-zA-Z_:][\w:]*)(?!\s*[\w:(])")
GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
KEYWORDS = {"and", "or", "unless", "by", "on", "bool", "offset", "group_left", "group_right", "ignoring", "without"}


def selectors_of(expr: str) -> Iterator[tuple[str, str, list[str]]]:
    """Each selector: the whole of it, its metric ("" where a matcher names it), the labels that it
    matches."""
    # Durations, label_replace's texts and the lists of labels are no metrics.
    bare = GROUPING.sub(" ", re.sub(r"\[\d[^\]]*\]|\boffset\s+\w+", " ", expr))
    for name, braces, alone in SELECTOR.findall(bare):
        metric = name or alone
        if metric in KEYWORDS or metric.lower() in ("inf", "nan"):
            metric = ""
        if not metric and not braces:
            continue
        labels = re.findall(r"([a-zA-Z_]\w*)\s*[=!]", re.sub(STRING, '""', braces))
        yield f"{metric}{braces}", metric, [label for label in labels if label != "__name__"]


def without_texts(expr: str) -> str:
    """An expression without the texts that are arguments, which look like anything."""
    return re.sub(rf"(,\s*)({STRING})", r"\1 0", expr) if "label_replace(" in expr else expr


def why_absent(selector: str) -> str | None:
    for pattern, reason in ABSENT.items():
        if re.search(pattern, selector):
            used.add(pattern)
            return reason
    return None


def answered(expr: str) -> list[dict[str, str]]:
    """The labels of the series that a query was answered with at some moment of this test."""
    answer = ask(
        f"{PROMETHEUS}/api/v1/query_range",
        query=expr,
        start=str(begun),
        end=str(time.time()),
        step="5",
    )
    results = answer["data"]["result"]
    return [one["metric"] for one in results if any(value != "NaN" for _, value in one["values"])]


def labels_of(selector: str) -> set[str]:
    if selector not in labels_known:
        labels = set(ask(f"{PROMETHEUS}/api/v1/labels", **{"match[]": selector})["data"])
        if not labels:
            return labels
        labels_known[selector] = labels
    return labels_known[selector]


def trouble_of_metrics(query: Query) -> str | None:
    """What a question to Prometheus asks for in vain, if anything."""
    given = answered(query.expr)
    absent = why_absent(query.record) is not None
    found: set[str] = set(re.findall(r'label_replace\(.*?"(\w+)", "\$1"', query.expr))
    for selector, metric, labels in selectors_of(without_texts(query.expr)):
        if why_absent(selector):
            absent = True
            continue
        there = labels_of(metric or selector)
        found |= there
        if missing := [label for label in labels if label not in there]:
            return f"{metric} has no {missing}"
        if selector not in answered_selectors:
            if not answered(selector):
                return f"there is no {selector}"
            answered_selectors.add(selector)
    grouped = {name.strip() for names in GROUPING.findall(query.expr) for name in names.split(",")} - {""}
    if not absent and (missing := sorted(grouped - found)):
        return f"there is no label {missing}"
    if given and (missing := [name for name in query.shown if not any(name in labels for labels in given)]):
        return f"the answer has no label {missing}"
    return None if given or absent or query.is_alert else "no data"


def trouble_of_logs(query: Query) -> str | None:
    def lines(expr: str) -> list[Any]:
        return ask(f"{LOKI}/loki/api/v1/query_range", query=expr, since="1h")["data"]["result"]

    given = lines(query.expr)
    if query.is_alert:
        stream = re.search(r"\{[^}]*\}", query.expr)
        assert stream, query
        given = lines(stream[0])
    if not given:
        return "no lines"
    if missing := [name for name in query.shown if not any(name in one.get("metric", {}) for one in given)]:
        return f"the answer has no label {missing}"
    return None


def trouble_of_traces(query: Query) -> str | None:
    target = json.loads(query.expr)
    wanted = {name: str(target[name]) for name in ("service", "operation", "limit") if target.get(name)}
    return None if ask(f"{JAEGER}/api/traces", **wanted, lookback="1h")["data"] else "no traces"


def trouble_of_exemplars(query: Query) -> str | None:
    answer = ask(
        f"{PROMETHEUS}/api/v1/query_exemplars", query=query.expr, start=str(begun), end=str(time.time())
    )
    if any(why_absent(selector) for selector, _, _ in selectors_of(query.expr)):
        return None
    labels = {name for one in answer["data"] for exemplar in one["exemplars"] for name in exemplar["labels"]}
    return None if trace_label in labels else f"no exemplar has {trace_label}, but {labels}"


TROUBLE = {
    "prometheus": trouble_of_metrics,
    "loki": trouble_of_logs,
    "jaeger": trouble_of_traces,
    "exemplars": trouble_of_exemplars,
}
there = {"prometheus": True, "exemplars": True, "loki": has_logs, "jaeger": has_jaeger}
done: set[Query] = set()
used: set[str] = set()
answered_selectors: set[str] = set()
labels_known: dict[str, set[str]] = {}


def in_vain(queries: list[Query]) -> dict[str, str]:
    """The questions that are not answered yet, and what is wrong with each."""
    troubles = {}
    for query in queries:
        if query in done:
            continue
        if trouble := TROUBLE[query.kind](query):
            troubles[f"{query.where}: {query.expr}"] = trouble
        else:
            done.add(query)
    return troubles


def all_answered(queries: list[Query]) -> None:
    for query in queries:
        if not there[query.kind]:
            skip(query.where, LOGS_MISSING if query.kind == "loki" else query.kind)
    asked = [query for query in queries if there[query.kind]]
    # Some rules are worked out every two minutes.
    eventually("every query is answered", lambda: in_vain(asked), lambda troubles: not troubles, 120)


def source(uid: str) -> Any:
    return next(one for one in datasources if one["uid"] == uid)


def plain(text: str) -> str:
    """A text of the provisioning, in which `$$` is the sign itself."""
    return text.replace("$$", "$")


trace_label = source("prometheus")["jsonData"]["exemplarTraceIdDestinations"][0]["name"]

start_all()
begun = time.time()
wait_for_shop(machine)
wait_for_back_ends(machine)

with subtest("soon after the start the first screen of each dashboard has data"):
    assert set(dashboards) >= {"microservices", "service", "order-flow", "objectives", "hosts", "telemetry"}
    # What days look like is worked out every two minutes.
    soon = [
        Query(f"{uid}: {panel['title']}", "prometheus", filled(target["expr"], {"$service": "gateway-service", "$instance": ".+"}))
        for uid, dashboard in dashboards.items()
        for panel in all_panels(dashboard)
        for target in panel["targets"]
        if panel["gridPos"]["y"] < 12 and "expr" in target and "30d" not in target["expr"] and "d /" not in target["expr"]
    ]
    last: list[str] = []

    def empty() -> list[str]:
        if now := [query.where for query in soon if not answered(query.expr)]:
            last[:] = now
        return now

    eventually("the first screens have data", empty, lambda where: not where)
    log.info(f"after {time.time() - begun:.0f} s; the last were {', '.join(sorted(set(last)))}")

with subtest("faults: what customers may not do, a gateway and a product service that are away, an order service that hangs"):
    assert buy(machine)[0] == 201
    assert buy(machine, quantity=10_000)[0] == 409
    assert buy(machine, product="no-such-product")[0] == 404
    for url in (f"{FRONTEND}/api/products/no-such-product", f"{FRONTEND}/api/inventory/no-such-product"):
        assert request(machine, "GET", url)[0] == 404
    unknown = "00000000-0000-7000-8000-000000000000"
    machine.succeed(f"curl -s -X DELETE http://127.0.0.1:8082/inventory/reservations/{unknown}")
    machine.succeed("systemctl stop gateway-service.socket gateway-service.service")
    assert buy(machine)[0] >= 500
    machine.succeed("systemctl start gateway-service.socket gateway-service.service")
    wait_for_shop(machine)

    machine.succeed("curl -sf http://127.0.0.1:8081/actuator/prometheus >/tmp/metrics")
    machine.succeed("systemctl stop product-service.socket product-service.service")
    hung = main_pid(machine, "order-service")
    machine.succeed(f"kill -STOP {hung}")
    # systemd complains of a back end, too.
    machine.succeed(f"kill -KILL {main_pid(machine, 'prometheus-node-exporter')}")
    for alert in ("ServiceDown", "UnitRestarted"):
        eventually(
            f"{alert} fires",
            lambda: metric(machine, f'ALERTS{{alertname="{alert}",alertstate="firing"}}'),
            lambda firing: firing >= 1,
        )
    assert main_pid(machine, "order-service") != hung

with subtest("a new version of the product service"):
    # Its metrics as they were, but for its version and its start.
    server = """
import http.server, re, time
text = open("/tmp/metrics").read().replace('version="', 'version="9.')
text = re.sub(r"(?m)^(process_start_time_seconds) .*", rf"\\1 {int(time.time())}", text)
class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(text.encode())
http.server.HTTPServer(("127.0.0.1", 8081), Metrics).serve_forever()
"""
    machine.succeed(f"cat >/tmp/version.py <<'EOF'\n{server}\nEOF")
    machine.succeed("systemd-run --quiet --unit=version -- $(command -v python3) /tmp/version.py")
    eventually(
        "Prometheus has seen it",
        lambda: metric(machine, 'count(app_info{version=~"9.*"})'),
        lambda versions: versions == 1,
    )
    time.sleep(6)  # A range in Grafana has a point every five seconds.
    machine.succeed("systemctl stop version.service")
    machine.succeed("systemctl start product-service.socket product-service.service")
    wait_for_shop(machine)

queries = [query for uid, dashboard in dashboards.items() for query in of_dashboard(uid, dashboard)]
queries += of_rules()
with subtest(f"each of {len(queries)} queries is answered, and names what there is"):
    all_answered(queries)

with subtest("what is excused is asked for"):
    assert used == set(ABSENT), set(ABSENT) - used

with subtest("every variable has its values"):
    for dashboard in dashboards.values():
        for variable in dashboard["templating"]["list"]:
            asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
            assert asked, variable
            found = ask(f"{PROMETHEUS}/api/v1/label/{asked[2]}/values", **{"match[]": asked[1]})["data"]
            assert found if variable["name"] != "service" else set(found) == set(SERVICES), found

with subtest("every link leads to a dashboard that there is, with a variable that it has"):
    addresses = [link["url"] for one in dashboards.values() for link in one["links"]]
    addresses += [url for one in dashboards.values() for panel in all_panels(one) for url in links_of(panel)]
    addresses += [plain(one["url"]) for one in source("loki")["jsonData"]["derivedFields"] if "datasourceUid" not in one]
    addresses += [plain(one["config"]["target"]["url"]) for one in source("jaeger")["correlations"] if one["type"] == "external"]
    for address in addresses:
        target = re.match(r"/d/([\w-]+)(?:\?|$)", address)
        assert target and target[1] in dashboards, address
        has = {variable["name"] for variable in dashboards[target[1]]["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", address)) <= has, address
    for dashboard in dashboards.values():
        for panel in all_panels(dashboard):
            columns = {name for change in panel.get("transformations", []) for name in change["options"].get("renameByName", {}).values()}
            assert set(re.findall(r"__data\.fields\.(\w+)", " ".join(links_of(panel)))) <= columns, panel["title"]

if has_jaeger:
    with subtest("from an exemplar to its trace"):
        shown = ask(
            f"{PROMETHEUS}/api/v1/query_exemplars",
            query='http_server_requests_seconds_bucket{job="order-service"}',
            start=str(begun),
            end=str(time.time()),
        )["data"]
        newest = max((e for one in shown for e in one["exemplars"]), key=lambda exemplar: exemplar["timestamp"])
        assert spans_of(machine, newest["labels"][trace_label]), newest

    with subtest("from a span to the metrics of its service"):
        to_metrics = source("jaeger")["jsonData"]["tracesToMetrics"]
        tags = ",".join(f'{tag["value"]}="order-service"' for tag in to_metrics["tags"])
        assert to_metrics["datasourceUid"] == "prometheus"
        for one in to_metrics["queries"]:
            expr = plain(one["query"]).replace("$__tags", tags)
            assert trouble_of_metrics(Query(one["name"], "prometheus", expr)) is None, expr

if has_jaeger and has_logs:
    with subtest("from a trace to its lines, from a span to its own, and from a line back"):
        _, _, trace_id = buy(machine)
        line = whole_log(machine, trace_id)[0]
        to_logs = plain(source("jaeger")["jsonData"]["tracesToLogsV2"]["query"])
        assert trouble_of_logs(Query("", "loki", to_logs.replace("${__trace.traceId}", trace_id))) is None
        of_span = next(one for one in source("jaeger")["correlations"] if one["type"] == "query")
        assert of_span["config"]["field"] == "spanID" and of_span["targetUID"] == "loki"
        own = plain(of_span["config"]["target"]["expr"]).replace("${__value.raw}", line["span_id"])
        assert trouble_of_logs(Query("", "loki", own)) is None, own
        for link in source("loki")["jsonData"]["derivedFields"]:
            assert line[link["matcherRegex"]] in (trace_id, line["service"]), link
else:
    skip("the way from a trace to its lines", "jaeger" if has_logs else LOGS_MISSING)
