"""Measures, inside: how soon after the start an order is found in all back ends, how soon a line and
a span are there, and the memory of every unit. Only the memory has a limit that fails the test, and
only where it was measured: a virtual machine has another kernel and other builds."""

# What the shop and the whole stack without Grafana may need, in MiB; see `needed`.
SHOP_BUDGET = 80
STACK_BUDGET = 400
# After a burst Jaeger's store writes to the disk what it gathered in memory: two tables of 83 MiB,
# and the third that is made of them.
BURST_BUDGET = 600
# Half a minute later a table that is not full yet may still be there.
SETTLED_BUDGET = 450

BACK_ENDS = ["prometheus", "alertmanager", "prometheus-node-exporter"]
BACK_ENDS += ["jaeger"] if has_jaeger else ["trace-receiver"]
BACK_ENDS += ["loki", "promtail"] if has_logs else []


def forget_use(units: list[str]) -> None:
    """From now on the kernel notes anew which pages are used (proc_pid_clear_refs(5))."""
    for unit in units:
        machine.succeed(f"echo 1 >/proc/{main_pid(machine, unit)}/clear_refs")


def memory(unit: str) -> tuple[float, float]:
    """What the process of a unit needs, and what it holds, in MiB.

    It needs what it has written, which the kernel cannot drop, and the code that it used since
    `forget_use`. It holds more: of its code also what was run at the start only, and what the kernel
    mapped beside it, 64 KiB for each 4 KiB that are run. How much depends on the machine, and the kernel
    drops it as soon as anybody needs the place."""
    needs = holds = 0
    for line in machine.succeed(f"cat /proc/{main_pid(machine, unit)}/smaps").splitlines():
        name, *rest = line.split()
        if not name.endswith(":"):
            is_code = "w" not in rest[0] and rest[-1].startswith("/")
        elif name == "Rss:" and is_code:
            holds += int(rest[0])
        elif name == "Referenced:" and is_code:
            needs += int(rest[0])
        elif name == "Pss:" and not is_code:
            holds += int(rest[0])
            needs += int(rest[0])
    return needs / 1024, holds / 1024


FOUND = {
    "traces": lambda trace_id: tree_of(spans_of(machine, trace_id)) == ORDER_SPANS,
    "logs": lambda trace_id: {line["service"] for line in lines_of(machine, trace_id)} == set(SERVICES),
    "metrics": lambda trace_id: metric(machine, 'shop_orders_total{result="created"}') >= 1,
}


def is_found(where: str) -> None:
    eventually(f"the first order is found in {where}", lambda: FOUND[where](first), lambda there: there)
    log.info(f"start to its being found in {where}: {time.monotonic() - begun:.1f} s")


ORDER = """-H 'Content-Type: application/json' -d '{"productId":"product1","quantity":1}'"""

begun = time.monotonic()
machine.start()
answer = machine.wait_until_succeeds(f"curl -sf -i --max-time 5 {ORDER} {FRONTEND}/api/orders", timeout=300)
log.info(f"start to the first order: {time.monotonic() - begun:.1f} s")
first = answer.lower().split("traceresponse: 00-")[1][:32]
for where in FOUND:
    is_found(where)

with subtest("how soon a line and a span are there"):
    lines_after, spans_after = [], []
    for _ in range(10):
        _, _, trace_id = buy(machine)
        answered = time.monotonic()
        whole_trace(machine, trace_id)
        spans_after.append(time.monotonic() - answered)
        whole_log(machine, trace_id)
        lines_after.append(time.monotonic() - answered)
    log.info(f"an order's spans can be read after {max(spans_after):.2f} s at most of ten orders")
    log.info(f"its lines after {max(lines_after):.2f} s at most")



def weigh(when: str) -> tuple[float, float]:
    """Writes down what each unit needs and holds; what the shop needs, and the whole stack."""
    units = {unit: memory(unit) for unit in [*SERVICES, *BACK_ENDS]}
    shop = sum(units[unit][0] for unit in SERVICES)
    needs, holds = (sum(column) for column in zip(*units.values(), strict=True))
    each = ", ".join(f"{unit} {needed:.0f} of {held:.0f}" for unit, (needed, held) in units.items())
    log.info(f"{when}, in MiB: the shop needs {shop:.0f}, the whole stack {needs:.0f} of {holds:.0f} ({each})")
    return shop, needs


def serve_ten_users(when: str) -> float:
    """What the whole stack needs with ten users; the shop's part of it has to be within its budget."""
    machine.succeed("load-generator --target http://127.0.0.1:3001 --restock --duration 15s --report -")
    shop, stack = weigh(when)
    assert not has_budget or shop <= SHOP_BUDGET, (shop, stack)
    return stack


with subtest("the memory with ten users is within its budget"):
    forget_use([*SERVICES, *BACK_ENDS])
    stack = serve_ten_users("with ten users")
    assert not has_budget or stack <= STACK_BUDGET, stack

with subtest("the memory after a burst of a thousand orders is within its budget"):
    # However long the machine pauses meanwhile: what waits has a connection in each service.
    machine.succeed(
        "load-generator --target http://127.0.0.1:3001 --orders-only --restock --rate 200 --max-in-flight 32"
        " --duration 5s --report -"
    )
    shop, stack = weigh("after a burst of a thousand orders")
    assert not has_budget or (shop <= SHOP_BUDGET and stack <= BURST_BUDGET), (shop, stack)

with subtest("the memory is given back once ten users are alone again"):
    # Jaeger's store may be joining its tables just then; the shop has no such excuse.
    eventually(
        "the whole stack is within its budget",
        lambda: serve_ten_users("with ten users after the burst"),
        lambda stack: not has_budget or stack <= SETTLED_BUDGET,
    )

with subtest("what telemetry costs on disk"):
    log.info(f"series in Prometheus: {metric(machine, 'prometheus_tsdb_head_series'):.0f}")
    used = machine.succeed("journalctl --disk-usage; du -sk /var/lib/private/* /var/lib/loki 2>/dev/null || true")
    entries = machine.succeed("journalctl --quiet --output=cat --output-fields=MESSAGE | wc -l")
    log.info(f"{used.strip()}\n{entries.strip()} entries in the journal")
