"""Every query of the dashboards, of Grafana's links, and of the rules is valid, and what it asks for is
there after a minute with faults: a metric, a label or a field of a log line that is renamed fails it."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)


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
    for group in answers.ask(f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]:
        for rule in group["rules"]:
            where, is_alert = f"rule {rule['name']}", rule["type"] == "alerting"
            assert rule["health"] != "err", rule
            record = "" if is_alert else rule["name"]
            yield Query(where, "prometheus", rule["query"], is_alert=is_alert, record=record)
            for text in rule.get("annotations", {}).values():
                for asked in re.findall(r'query "((?:[^"\\]|\\.)*)"', text):
                    yield Query(f"{where}, a text of it", "prometheus", asked.replace('\\"', '"'))
    if has_logs:
        for group in answers.ask(f"{LOKI}/prometheus/api/v1/rules")["data"]["groups"]:
            for rule in group["rules"]:
                yield Query(f"rule {rule['name']}", "loki", rule["query"], is_alert=True)


def source(uid: str) -> Any:
    return next(one for one in datasources if one["uid"] == uid)


def plain(text: str) -> str:
    """A text of the provisioning, in which `$$` is the sign itself."""
    return text.replace("$$", "$")


def wanting(query: Query) -> str | None:
    """A program that is missing and without which a query has no answer."""
    needs = {
        "jaeger": query.kind == "jaeger" or re.search("otelcol_|traces_span_metrics_", query.expr),
        "loki": query.kind == "loki" or re.search(r"\b(loki|promtail)_", query.expr),
    }
    needs["promtail"] = needs["loki"]
    return next((program for program in sorted(missing_programs) if needs.get(program)), None)


def all_answered(queries: list[Query]) -> None:
    for where, program in sorted({(query.where, wanting(query)) for query in queries if wanting(query)}):
        skip(where, str(program))
    asked = [query for query in queries if not wanting(query)]
    # The bands are worked out every half minute, and some of what they are made of first after another.
    eventually("every query is answered", lambda: answers.in_vain(asked), lambda troubles: not troubles, 120)


trace_label = source("prometheus")["jsonData"]["exemplarTraceIdDestinations"][0]["name"]

start_all()
begun = time.time()
answers = Answers(machine, begun, trace_label, ABSENT)
wait_for_shop(machine)
wait_for_back_ends(machine)

with subtest("soon after the start the first screen of each dashboard has data"):
    assert set(dashboards) >= {"microservices", "service", "order-flow", "objectives", "hosts", "telemetry"}
    values = {"$service": "gateway-service", "$instance": ".+"}
    soon = [
        Query(f"{uid}: {panel['title']}", "prometheus", filled(target["expr"], values))
        for uid, dashboard in dashboards.items()
        for panel in all_panels(dashboard)
        for target in panel["targets"]
        if panel["gridPos"]["y"] < 12 and "expr" in target
    ]
    last: list[str] = []

    def empty() -> list[str]:
        here = [query for query in soon if not wanting(query)]
        if now := [query.where for query in here if not answers.series(query.expr)]:
            last[:] = now
        return now

    eventually("the first screens have data", empty, lambda where: not where)
    log.info(f"after {time.time() - begun:.0f} s; the last were {', '.join(sorted(set(last)))}")

with subtest("faults: refused orders, services that are away, one that hangs, a back end that is killed"):
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
    eventually(
        "both fire",
        lambda: metric(
            machine,
            'count(count by (alertname) (ALERTS{alertname=~"ServiceDown|UnitRestarted",alertstate="firing"}))',
        ),
        lambda firing: firing == 2,
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
    assert missing_programs - {"grafana"} or answers.needed == set(ABSENT), set(ABSENT) - answers.needed

with subtest("every variable has its values"):
    for dashboard in dashboards.values():
        for variable in dashboard["templating"]["list"]:
            asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
            assert asked, variable
            found = answers.ask(f"{PROMETHEUS}/api/v1/label/{asked[2]}/values", **{"match[]": asked[1]})["data"]
            assert found if variable["name"] != "service" else set(found) == {*SERVICES, "anomaly-detector"}, found

with subtest("every link leads to a dashboard that there is, with a variable that it has"):
    panels = [panel for dashboard in dashboards.values() for panel in all_panels(dashboard)]
    of_lines, of_spans = source("loki")["jsonData"]["derivedFields"], source("jaeger")["correlations"]
    addresses = [link["url"] for dashboard in dashboards.values() for link in dashboard["links"]]
    addresses += [address for panel in panels for address in links_of(panel)]
    addresses += [plain(link["url"]) for link in of_lines if "datasourceUid" not in link]
    of_spans = [plain(link["config"]["target"]["url"]) for link in of_spans]
    addresses += [address for address in of_spans if not address.startswith("/explore?")]
    for address in addresses:
        target = re.match(r"/d/([\w-]+)(?:\?|$)", address)
        assert target and target[1] in dashboards, address
        has = {variable["name"] for variable in dashboards[target[1]]["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", address)) <= has, address
    for panel in panels:
        changes = [change["options"] for change in panel.get("transformations", [])]
        columns = {name for change in changes for name in change.get("renameByName", {}).values()}
        linked = re.findall(r"__data\.fields\.(\w+)", " ".join(links_of(panel)))
        assert set(linked) <= columns, panel["title"]

if has_jaeger:
    with subtest("from an exemplar to its trace"):
        shown = answers.exemplars('http_server_requests_seconds_bucket{job="order-service"}')
        newest = max(shown, key=lambda exemplar: exemplar["timestamp"])
        # Its spans are under way for a second.
        eventually("its trace is there", lambda: spans_of(machine, newest["labels"][trace_label]), bool)

    with subtest("from a span to the metrics of its service"):
        to_metrics = source("jaeger")["jsonData"]["tracesToMetrics"]
        tags = ",".join(f'{tag["value"]}="order-service"' for tag in to_metrics["tags"])
        assert to_metrics["datasourceUid"] == "prometheus"
        for one in to_metrics["queries"]:
            expr = plain(one["query"]).replace("$__tags", tags)
            assert answers.trouble(Query(one["name"], "prometheus", expr)) is None, expr

if has_jaeger and has_logs:
    with subtest("from a trace to its lines, from a span to its own, and from a line back"):
        _, _, trace_id = buy(machine)
        line = whole_log(machine, trace_id)[0]
        own = plain(source("jaeger")["jsonData"]["tracesToLogsV2"]["query"])
        assert answers.trouble(Query("", "loki", own.replace("${__span.spanId}", line["span_id"]))) is None, own
        of_trace = next(one["config"] for one in source("jaeger")["correlations"] if "trace" in one["label"])
        address = plain(of_trace["target"]["url"]).replace("${__value.raw}", trace_id)
        asked = json.loads(urllib.parse.parse_qs(address.partition("?")[2])["panes"][0])["one"]["queries"][0]
        assert of_trace["field"] == "traceID" and asked["datasource"]["uid"] == "loki"
        assert answers.trouble(Query("", "loki", asked["expr"])) is None, asked
        for link in source("loki")["jsonData"]["derivedFields"]:
            assert line[link["matcherRegex"]] in (trace_id, line["service"]), link
else:
    skip("the way from a trace to its lines", "jaeger" if has_logs else LOGS_MISSING)
