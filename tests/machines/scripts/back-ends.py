"""Each back end stopped for a while: the shop does not notice, and what was logged meanwhile arrives
once."""

start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)


def sells(pieces: int = 3) -> list[str]:
    """Buys some, each within the time that an order takes without trouble; the traces."""
    traces = []
    for _ in range(pieces):
        status, order, trace_id = buy(machine)
        assert status == 201 and order["status"] == "CREATED", order
        traces.append(trace_id)
    return traces


def lines(trace_id: str) -> list[tuple[str, str, str]]:
    return sorted((line["service"], line["span_id"], line["message"]) for line in lines_of(machine, trace_id))


def in_journal(trace_id: str) -> list[tuple[str, str, str]]:
    return sorted((line["service"], line["span_id"], line["message"]) for line in journal_of(machine, trace_id))


def arrived_once(trace_id: str) -> None:
    written = in_journal(trace_id)
    assert len(written) >= len(SERVICES), written
    found = eventually(
        f"the lines of {trace_id} have arrived",
        lambda: lines(trace_id),
        lambda found: set(found) == set(written),
    )
    assert found == written, "a line is there twice"


def all_arrived_once(traces: list[str]) -> None:
    for trace_id in traces:
        arrived_once(trace_id)


def without(unit: str, *also: str) -> list[str]:
    """Sells while a back end is away, and brings it back."""
    machine.succeed(f"systemctl stop {unit}.service")
    machine.fail(f"systemctl is-active --quiet {unit}.service")
    traces = sells()
    machine.succeed(f"systemctl start {unit}.service")
    wait_for_back_ends(machine)
    return traces


before = {unit: main_pid(machine, unit) for unit in SERVICES}

with subtest("without Prometheus"):
    without("prometheus")

with subtest("without Jaeger: orders go on, and afterwards traces are whole again"):
    without("jaeger" if has_jaeger else "trace-receiver")
    (trace_id,) = sells(1)
    whole_trace(machine, trace_id)

if has_logs:
    with subtest("without Loki: what was logged meanwhile arrives once"):
        all_arrived_once(without("loki"))
else:
    skip("a while without Loki", LOGS_MISSING)

if has_logs:
    with subtest("without Promtail: what was logged meanwhile arrives once"):
        all_arrived_once(without("promtail"))
else:
    skip("a while without Promtail", LOGS_MISSING)

with subtest("without any of them"):
    units = ["prometheus", "jaeger" if has_jaeger else "trace-receiver"]
    units += ["loki", "promtail"] if has_logs else []
    for unit in units:
        machine.succeed(f"systemctl stop {unit}.service")
    traces = sells()
    for unit in units:
        machine.succeed(f"systemctl start {unit}.service")
    wait_for_back_ends(machine)
    if has_logs:
        all_arrived_once(traces)

with subtest("a receiver of spans that hangs slows nobody: what cannot be sent is dropped and counted"):
    unit = "jaeger" if has_jaeger else "trace-receiver"
    machine.succeed(f"systemctl kill --signal=STOP {unit}.service")
    sells()
    machine.succeed(f"systemctl kill --signal=CONT {unit}.service")
    (trace_id,) = sells(1)
    whole_trace(machine, trace_id)

with subtest("no service was restarted for it"):
    after = {unit: main_pid(machine, unit) for unit in SERVICES}
    assert after == before, (before, after)
