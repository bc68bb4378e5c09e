"""An order, followed from the frontend server to the stock: its one trace, its log lines from each
unit, and the metrics that moved by exactly one for each."""

start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)

with subtest("each service is found by Prometheus under its own name, and so is everything else"):
    jobs = {*SERVICES, "prometheus", "node"}
    jobs |= {"jaeger", "jaeger-span-metrics"} if has_jaeger else set()
    jobs |= {"loki", "promtail"} if has_logs else set()
    eventually(
        "every target is up",
        lambda: get(machine, f"{PROMETHEUS}/api/v1/query", query="up == 1"),
        lambda answer: answer is not None
        and jobs <= {one["metric"]["job"] for one in answer["data"]["result"]},
    )
    # Grafana on NixOS makes its database first, which takes a slow machine minutes.
    eventually(
        "no target is down", lambda: metric(machine, "count(up == 0)"), lambda down: down == 0, bound=300
    )

with subtest("the host tells of its processors, memory and disks, and of the state of each unit"):
    facts = [
        'rate(node_cpu_seconds_total{mode="idle"}[30s])',
        "node_memory_MemAvailable_bytes",
        "node_disk_io_time_seconds_total",
        *(f'node_systemd_unit_state{{name="{unit}.service",state="active"}} == 1' for unit in SERVICES),
    ]
    eventually(
        "all of it is told",
        lambda: [query for query in facts if not metric(machine, f"count({query})") > 0],
        lambda silent: not silent,
    )

with subtest("an order is created and its price is exact to the cent"):
    before = stock(machine, "product1")
    status, order, trace_id = buy(machine, "product1", 3)
    assert status == 201, order
    assert order["status"] == "CREATED" and order["totalPrice"] == 32.97, order
    assert stock(machine, "product1") == before - 3

with subtest("it is one trace, with every hop under its parent"):
    spans = whole_trace(machine, trace_id)
    attributes = {
        a["key"]: a["value"] for span in spans if span["name"] == "create_order" for a in span["attributes"]
    }
    assert attributes["order.id"]["stringValue"] == order["id"], attributes
    assert attributes["product.id"]["stringValue"] == "product1", attributes

with subtest("the page's server answers the same trace, and 404 for another"):
    status, _, trace = request(machine, "GET", f"{FRONTEND}/traces/{trace_id}")
    assert status == 200 and trace["result"]["resourceSpans"], trace
    assert request(machine, "GET", f"{FRONTEND}/traces/{'1' * 32}")[0] == 404

with subtest("each unit that it passed has logged it, at the level of the normal flow"):
    lines = whole_log(machine, trace_id)
    for line in lines:
        assert line["level"] == "info", line
        assert line["unit"] == f"{line['service']}.service", line
        assert line["trace_id"] == trace_id and len(line["span_id"]) == 16, line
    assert len({line["request_id"] for line in lines}) == 1, lines

if has_logs:
    with subtest("ids are metadata of a line in Loki and never labels, of which there are four"):
        for line in lines:
            assert line["labels"] == ["host", "level", "service", "unit"], line
        series = get(machine, f"{LOKI}/loki/api/v1/labels", since="24h")
        assert set(series["data"]) == {"host", "level", "service", "unit"}, series
else:
    skip("labels in Loki", LOGS_MISSING)

with subtest("short stock is refused, and a warning says so"):
    status, problem, refused = buy(machine, "product1", 9999)
    assert status == 409 and problem["error"] == "Insufficient inventory", problem
    assert problem["requested"] == 9999, problem
    eventually(
        "a warning of the trace",
        lambda: lines_of(machine, refused),
        lambda lines: any(line["level"] == "warning" for line in lines),
    )

with subtest("an unknown product is 404 and leaves nothing"):
    stored = len(all_orders(machine))
    assert buy(machine, "no-such-product")[0] == 404
    assert len(all_orders(machine)) == stored

with subtest("metrics move by exactly the number of orders"):
    created = 'sum(shop_orders_total{job="order-service",result="created"})'
    answered = (
        'sum(http_server_requests_seconds_count{job="gateway-service",method="POST",'
        'uri="/api/orders",status="201"})'
    )
    value = "sum(shop_order_value_total)"
    own = {
        created: ("order-service", "shop_orders_total", 'result="created"'),
        answered: (
            "gateway-service",
            "http_server_requests_seconds_count",
            'method="POST"',
            'uri="/api/orders"',
            'status="201"',
        ),
        value: ("order-service", "shop_order_value_total"),
    }
    # What the services say, once Prometheus says the same: nothing is under way.
    was = {query: own_metric(machine, *family) for query, family in own.items()}
    eventually(
        "Prometheus has scraped the orders until now",
        lambda: {query: metric(machine, query) for query in own},
        lambda now: now == was,
    )
    for _order in range(7):
        assert buy(machine, "product3", 2)[0] == 201
    after = eventually(
        "Prometheus has scraped seven more",
        lambda: {query: metric(machine, query) for query in was},
        lambda now: now[created] >= was[created] + 7 and now[answered] >= was[answered] + 7,
    )
    assert after[created] == was[created] + 7, (was, after)
    assert after[answered] == was[answered] + 7, (was, after)
    eventually(
        "the value of fourteen pieces at 5.49",
        lambda: round(metric(machine, value) - was[value], 2),
        lambda moved: moved == 76.86,
    )

with subtest("a bucket of the histogram leads to a trace"):
    def exemplars():
        now = time.time()
        return get(
            machine,
            f"{PROMETHEUS}/api/v1/query_exemplars",
            query='http_server_requests_seconds_bucket{job="order-service"}',
            start=str(now - 3600),
            end=str(now + 60),
        )

    found = eventually("an exemplar", exemplars, lambda answer: bool(answer and answer["data"]))
    exemplar = found["data"][0]["exemplars"][0]["labels"]["trace_id"]
    eventually("its trace", lambda: spans_of(machine, exemplar), bool)

if has_jaeger:
    with subtest("Jaeger tells rates and durations of each service from span metrics"):
        eventually(
            "calls of the order service",
            lambda: get(
                machine,
                f"{JAEGER}/api/metrics/calls",
                service="order-service",
                spanKind="server",
                lookback="3600000",
                step="60000",
                ratePer="600000",
            ),
            lambda answer: bool(answer and answer.get("metrics") and answer["metrics"][0]["metricPoints"]),
        )
else:
    skip("service performance monitoring", "jaeger")

with subtest("for every product the stock and the orders add up"):
    orders = all_orders(machine)
    for product, at_start in {"product1": 100, "product2": 50, "product3": 75}.items():
        assert stock(machine, product) + sold(orders, product) == at_start, product
    assert all(order["status"] != "PENDING" for order in orders), orders
