"""Measures, inside: how soon after the start an order is found in all back ends, how soon a line and
a span are there, and the memory of every unit. Only the memory has a limit that fails the test."""

# What the shop and the whole stack without Grafana may hold, in MiB.
SHOP_BUDGET = 80
STACK_BUDGET = 450

BACK_ENDS = ["prometheus", "prometheus-node-exporter"]
BACK_ENDS += ["jaeger"] if has_jaeger else ["trace-receiver"]
BACK_ENDS += ["loki", "promtail"] if has_logs else []


def memory(unit: str) -> float:
    """What the processes of a unit hold, shared pages divided among those who share them, in MiB."""
    pid = machine.succeed(f"systemctl show --value --property=MainPID {unit}.service").strip()
    rollup = machine.succeed(f"grep '^Pss:' /proc/{pid}/smaps_rollup")
    return int(rollup.split()[1]) / 1024


def found_everywhere(trace_id: str) -> bool:
    return (
        tree_of(spans_of(machine, trace_id)) == ORDER_SPANS
        and {line["service"] for line in lines_of(machine, trace_id)} == set(SERVICES)
        and metric(machine, 'shop_orders_total{result="created"}') >= 1
    )


begun = time.monotonic()
machine.start()
machine.wait_until_succeeds(
    f"curl -sf --max-time 5 -X POST -H 'Content-Type: application/json' {FRONTEND}/api/orders"
    """ -d '{"productId":"product1","quantity":1}'""",
    timeout=60,
)
sold = time.monotonic() - begun
_, _, first = buy(machine)
eventually("the first order is found in all back ends", lambda: found_everywhere(first), lambda found: found)
log.info(f"start to the first order: {sold:.1f} s, to its being found in all back ends: {time.monotonic() - begun:.1f} s")

with subtest("how soon a line and a span are there"):
    lines_after, spans_after = [], []
    for _ in range(10):
        _, _, trace_id = buy(machine)
        answered = time.monotonic()
        whole_trace(machine, trace_id)
        spans_after.append(time.monotonic() - answered)
        eventually(
            "every service has a line of the trace",
            lambda: lines_of(machine, trace_id),
            lambda lines: {line["service"] for line in lines} == set(SERVICES),
        )
        lines_after.append(time.monotonic() - answered)
    log.info(f"an order's spans can be read after {max(spans_after):.2f} s at most of ten orders")
    log.info(f"its lines after {max(lines_after):.2f} s at most")

with subtest("the memory after a thousand orders is within its budget"):
    request(machine, "PUT", f"{FRONTEND}/api/inventory/product1", {"quantity": 100_000})
    machine.succeed(
        "load-generator --target http://127.0.0.1:3001 --orders-only --rate 200 --duration 5s --restock --report -"
    )
    held = {unit: memory(unit) for unit in [*SERVICES, *BACK_ENDS]}
    for unit, mebibytes in held.items():
        log.info(f"{unit}: {mebibytes:.1f} MiB")
    shop = sum(held[unit] for unit in SERVICES)
    log.info(f"the shop: {shop:.1f} MiB, the whole stack: {sum(held.values()):.1f} MiB")
    assert shop <= SHOP_BUDGET, held
    assert sum(held.values()) <= STACK_BUDGET, held
