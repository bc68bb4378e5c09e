#!/usr/bin/env python3
"""Two synthetic weeks of the shop as tests for promtool: one of ordinary days, on which the bands may
raise one false alarm at most, and one with faults, of which they have to find 95 in a hundred.

usage: week.py FOLDER  writes the two tests; the rules lie in the same folder, and which of them a
test reads stands in files-bands.json. The same seed makes the same weeks.
"""

import json
import math
import random
import sys
from pathlib import Path

# Seconds between two samples, which is how often the bands are worked out.
STEP = 30
DAY, HOUR = 86_400, 3_600
WEEK = 7 * DAY
ALERTS = {"rate": "RequestRateUnusual", "latency": "LatencyUnusual", "order_value": "OrderValueUnusual"}
# Each fault is so many times what would have been.
FAULTS = {"rate": (0.3, 2.5), "latency": (3.0, 6.0), "order_value": (0.4, 2.2)}
# A fault every four hours of each kind, for as long; both with some chance.
PERIOD, SHORTEST, LONGEST = 4 * HOUR, 20 * 60, 40 * 60
# Alarms are looked for until this long after a fault, as windows of ten minutes still hold it.
AFTER = 10 * 60
# How many of the faults have to be found, and how many false alarms there may be.
FOUND, FALSE = 0.95, 1
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
GATEWAY = 'job="gateway-service",method="GET",uri="/api/products",status="200",outcome="SUCCESS"'
ORDERS = 'job="order-service"'
PRICES = (10.99, 29.99, 5.49)


class Fault:
    """Something that goes wrong with one signal for a while."""

    def __init__(self, signal: str, begin: int, end: int, factor: float) -> None:
        self.signal, self.begin, self.end, self.factor = signal, begin, end, factor


def faults(chance: random.Random) -> list[Fault]:
    """A week of faults of every kind."""
    made = []
    for signal, factors in FAULTS.items():
        # The bands learn for an hour first.
        for begin in range(PERIOD // 2, WEEK - PERIOD, PERIOD):
            begin += chance.randrange(0, PERIOD - LONGEST - HOUR, STEP)
            length = chance.randrange(SHORTEST, LONGEST, STEP)
            made.append(Fault(signal, begin, begin + length, chance.choice(factors)))
    return made


def requests_a_second(second: int) -> float:
    """The traffic of ordinary days: a wave with a quiet night, a lunch, a weaker weekend, a campaign."""
    day, hour = second // DAY, second % DAY / HOUR
    rate = 8 * (1 - 0.85 * math.cos(2 * math.pi * (hour - 3) / 24))
    if 12 <= hour < 13:
        rate *= 1.25  # A step that comes every day.
    if day in (5, 6):
        rate *= 0.7
    if day == 3 and 10 <= hour < 22:
        rate *= 1 + 0.8 * min((hour - 10) / 6, 1)  # A ramp that stays until the evening.
    return rate


def deployed(second: int) -> bool:
    """Fifteen seconds of a deployment, on each working day at ten."""
    return second // DAY < 5 and 10 * HOUR <= second % DAY < 10 * HOUR + STEP


def drawn(chance: random.Random, mean: float) -> int:
    """A number of events of which so many are expected (Poisson)."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, events = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        events += 1
    return events


def simulate(chance: random.Random, wrong: list[Fault]) -> dict[str, list[float]]:
    """The samples of every series."""
    names = {bound: f'http_server_requests_seconds_bucket{{{GATEWAY},le="{bound}"}}' for bound in BOUNDS}
    every = f'http_server_requests_seconds_bucket{{{GATEWAY},le="+Inf"}}'
    count = f"http_server_requests_seconds_count{{{GATEWAY}}}"
    created = f'shop_orders_total{{{ORDERS},result="created"}}'
    value = f"shop_order_value_total{{{ORDERS}}}"
    totals: dict[str, float] = dict.fromkeys([*names.values(), every, count, created, value], 0.0)
    samples: dict[str, list[float]] = {name: [] for name in totals}
    for second in range(0, WEEK, STEP):
        now = {fault.signal: fault.factor for fault in wrong if fault.begin <= second < fault.end}
        if deployed(second):
            totals = dict.fromkeys(totals, 0.0)  # A counter begins anew with its process.
        expected = requests_a_second(second) * now.get("rate", 1) * STEP
        answered = drawn(chance, expected * (0.5 if deployed(second) else 1))
        # Log-normal about 12 ms, slower under load and for a minute after a deployment.
        median = 0.012 * (1 + requests_a_second(second) / 40) * now.get("latency", 1)
        if deployed(second - STEP):
            median *= 4
        for _ in range(answered):
            took = chance.lognormvariate(math.log(median), 0.5)
            for bound in reversed(BOUNDS):
                if took > bound:
                    break
                totals[names[bound]] += 1
        totals[count] += answered
        totals[every] += answered
        # One request in six is an order, of one to three pieces.
        bought = drawn(chance, answered / 6)
        totals[created] += bought
        prices = sum(chance.choice(PRICES) * chance.randint(1, 3) for _ in range(bought))
        totals[value] += prices * now.get("order_value", 1)
        for name, total in totals.items():
            samples[name].append(round(total, 2))
    return samples


def firing(alert: str, begin: int, end: int) -> str:
    """An expression: 1 when the alert fired within a time, else 0."""
    alerts = f'ALERTS{{alertname="{alert}",alertstate="firing"}}[{end - begin}s] @ {end}'
    return f"(count(count_over_time({alerts})) or vector(0))"


def alarms(signal: str, wrong: list[Fault]) -> str:
    """An expression: how often an alert began to fire, but for those that a fault explains."""
    quiet, second = [], 0
    explained = sorted((fault.begin, fault.end + AFTER) for fault in wrong if fault.signal == signal)
    for begin, end in [*explained, (WEEK, WEEK)]:
        if begin > second:
            quiet.append((second, begin))
        second = max(second, end)
    began = 'ALERTS{{alertname="{0}",alertstate="firing"}} unless ALERTS{{alertname="{0}",alertstate="firing"}} offset 30s'
    began = began.format(ALERTS[signal])
    return " + ".join(
        f"(sum(count_over_time(({began})[{end - begin}s:30s] @ {end})) or vector(0))" for begin, end in quiet
    )


def holds(expression: str) -> dict[str, object]:
    """A question to promtool that has to be answered by 1."""
    return {"expr": expression, "eval_time": f"{WEEK - STEP}s", "exp_samples": [{"labels": "{}", "value": 1}]}


def write(folder: Path, name: str, seed: int, wrong: list[Fault]) -> None:
    """Writes one week as a test."""
    samples = simulate(random.Random(seed), wrong)
    questions = []
    for signal, alert in ALERTS.items():
        of_signal = [fault for fault in wrong if fault.signal == signal]
        if of_signal:
            found = " + ".join(firing(alert, fault.begin, fault.end + AFTER) for fault in of_signal)
            questions.append(holds(f"{found} >= bool {math.ceil(FOUND * len(of_signal))}"))
    false = " + ".join(alarms(signal, wrong) for signal in ALERTS)
    questions.append(holds(f"{false} <= bool {FALSE}"))
    test = {
        **json.loads((folder / "files-bands.json").read_text()),
        "evaluation_interval": f"{STEP}s",
        "tests": [
            {
                "name": name,
                "interval": f"{STEP}s",
                "input_series": [
                    {"series": series, "values": " ".join(map(str, values))} for series, values in samples.items()
                ],
                "promql_expr_test": questions,
            }
        ],
    }
    (folder / f"test-{name}.yml").write_text(json.dumps(test))


def main() -> None:
    """Writes both weeks."""
    folder = Path(sys.argv[1])
    write(folder, "ordinary-week", 9, [])
    write(folder, "week-of-faults", 10, faults(random.Random(11)))


if __name__ == "__main__":
    main()
