"""The shop on one host, what watches it on another: the same order, the same trace, lines and metrics."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

start_all()
observability_traces = "http://observability:4318" if not has_jaeger else "http://observability:16686"
loki = "http://observability:3100"
prometheus = "http://observability:9090"

wait_for_shop(shop)
wait_for_back_ends(observability)

with subtest("neither host runs what belongs to the other"):
    for unit in SERVICES:
        observability.fail(f"systemctl is-active --quiet {unit}.service")
    for unit in ("prometheus", "loki", "jaeger"):
        shop.fail(f"systemctl is-active --quiet {unit}.service")

with subtest("an order from a third machine is one trace, read on the other host"):
    booted(client)
    client.wait_until_succeeds("curl -sf --max-time 5 http://shop:3001/health", timeout=60)
    status, order, trace_id = buy(client, door="http://shop:3001")
    assert status == 201, order
    whole_trace(client, trace_id, observability_traces)

with subtest("the page's server finds the trace there"):
    status, _, trace = request(client, "GET", f"http://shop:3001/traces/{trace_id}")
    assert status == 200 and trace["result"]["resourceSpans"], trace

if has_logs:
    with subtest("its log lines bear the name of the host on which they were written"):
        lines = whole_log(client, trace_id, loki)
        assert {line["host"] for line in lines} == {"shop"}, lines
else:
    skip("log lines on the other host", LOGS_MISSING)

with subtest("metrics of the shop and of both hosts are scraped over the network"):
    eventually(
        "the order is counted",
        lambda: metric(client, 'shop_orders_total{job="order-service",result="created"}', prometheus),
        lambda count: count == 1,
    )
    eventually(
        "both node exporters are up",
        lambda: metric(client, 'sum(up{job="node"})', prometheus),
        lambda count: count == 2,
    )

with subtest("the shop sells while the other host is away, and its lines arrive when it is back"):
    observability.crash()
    status, order, trace_id = buy(client, door="http://shop:3001")
    assert status == 201, order
    observability.start()
    wait_for_back_ends(observability)
    if has_logs:
        lines = whole_log(client, trace_id, loki)
    status, order, trace_id = buy(client, door="http://shop:3001")
    assert status == 201, order
    whole_trace(client, trace_id, observability_traces)
