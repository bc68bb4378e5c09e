"""Tail-based sampling: a trace with an error and a slow one are kept, of the others about the share,
each of them whole or not at all, and the metrics count every request."""

# What tests/machines/nodes.nix says of this machine.
SHARE, SLOW = 0.25, 1.5
# Fast ones: of so many the share is 50, with a standard deviation of 6.
FAST = 200
# Whose spans differ from the orders'.
PATH = "/api/products"
ORDERS = 60


def number_of_calls(span: str) -> float:
    """How many server spans of the page's server have been counted, of all that were made."""
    spans = f'service_name="frontend",span_kind="SPAN_KIND_SERVER",span_name="{span}"'
    return metric(machine, f"traces_span_metrics_calls_total{{{spans}}}")


def kept_of(trace_ids: list[str]) -> list[str]:
    """Those of which Jaeger has spans."""
    ask = f"curl -s -o /dev/null -w '%{{http_code}}' {TRACES}/api/v3/traces/$id"
    kept = f'for id in {" ".join(trace_ids)}; do [ "$({ask})" != 200 ] || echo $id; done'
    return machine.succeed(kept).split()


def failing_order() -> str:
    """The trace of an order that fails, as nobody can tell what the product costs."""
    machine.succeed("systemctl stop product-service.socket product-service.service")
    status, _, trace_id = buy(machine)
    assert status == 503, status
    machine.succeed("systemctl start product-service.socket product-service.service")
    return trace_id


def slow_order() -> str:
    """The trace of an order that waits for a stopped process, and then succeeds."""
    inventory = main_pid(machine, "inventory-service")
    machine.succeed(f"kill -STOP {inventory}; (sleep {SLOW + 0.2}; kill -CONT {inventory}) >/dev/null 2>&1 &")
    status, _, trace_id = buy(machine)
    assert status == 201, status
    return trace_id


machine.start()
wait_for_shop(machine)
wait_for_back_ends(machine)

if not has_jaeger:
    skip("what is kept of the traces", "jaeger")
else:
    curl = f"curl -sf -o /dev/null -w '%header{{traceresponse}}\\n' '{FRONTEND}{PATH}'"
    written = machine.succeed(f"for _ in $(seq {FAST}); do {curl}; done")
    fast = [line.split("-")[1] for line in written.split()]
    orders = [buy(machine)[2] for _ in range(ORDERS)]
    slow, failed = slow_order(), failing_order()
    # What comes a second later is decided upon later: with it all others are.
    time.sleep(1)
    last = failing_order()
    eventually("the last trace with an error is kept", lambda: kept_of([last]), lambda kept: kept == [last])

    with subtest("a trace with an error and a slow one are kept, with every span"):
        names = {(service, name) for _, service, name in tree_of(spans_of(machine, failed))}
        assert ("frontend", "POST /api/orders") in names, names
        assert ("order-service", "get_product_details") in names, names
        whole_trace(machine, slow)

    with subtest("of the others about the share is kept"):
        number = len(kept_of(fast))
        log.info(f"{number} of {FAST} fast traces were kept")
        # Six standard deviations: once in some hundred million runs.
        deviation = math.sqrt(FAST * SHARE * (1 - SHARE))
        assert abs(number - FAST * SHARE) < 6 * deviation, number

    with subtest("of an order every span is kept, or none"):
        kept = kept_of(orders)
        log.info(f"{len(kept)} of {ORDERS} orders were kept")
        assert 0 < len(kept) < ORDERS, len(kept)
        for order in kept:
            whole_trace(machine, order)

    with subtest("every request is counted, kept or not"):
        eventually("each look at the products is counted", lambda: number_of_calls(f"GET {PATH}"), lambda n: n == FAST)
        # With the slow one and the two that failed.
        eventually("each order is counted", lambda: number_of_calls("POST /api/orders"), lambda n: n == ORDERS + 3)

    with subtest("the log has a line of each, also of those that were not kept"):
        whole_log(machine, (set(orders) - set(kept)).pop())
