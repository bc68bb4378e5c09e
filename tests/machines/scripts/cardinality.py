"""Cardinality: whatever a client chooses, paths, methods, headers, ids and products by the thousand,
makes no series in Prometheus but the one that a new product is to have, and no stream in Loki."""

# New words of each kind.
WORDS = 500
# The alert TooManySeries fires above it: a service has some hundreds.
SERVICE_SAMPLES = 5000
# Measured: 6,800 after ten users without Grafana, 9,950 with it, most of them of the back ends
# themselves. Room for the kinds of requests that ten users do not make; not for one that a client makes.
HEAD_SERIES = 12000
# A unit has a stream for each level that it logs at. Twelve units, and of the journal's eight levels
# four at the most; systemd's own lines about a unit are of that unit.
STREAMS = 12 * 4

JOBS = "|".join(SERVICES)
JSON = "-H 'Content-Type: application/json'"


def throw(first: int) -> None:
    """Sends so many words that nobody has sent before, in every place that a client can choose."""
    words = f"w[{first}-{first + WORDS - 1}]x"
    curl = "curl -s -o /dev/null --max-time 60"
    for door in (FRONTEND, GATEWAY):
        machine.succeed(
            f"{curl} '{door}/{words}' '{door}/api/{words}' '{door}/api/products/{words}' '{door}/api/orders/{words}'",
            f"{curl} '{door}/api/products?q={words}' '{door}/api/inventory/{words}' '{door}/api/orders?after={words}'",
        )
    machine.succeed(f"{curl} '{FRONTEND}/assets/{words}.js' '{FRONTEND}/traces/{words}' '{FRONTEND}/logs/{words}'")
    headers = "-A $w -H X-Request-Id:$w -H Referer:$w -H baggage:$w=$w -H tracestate:$w=1 -H X-Forwarded-For:$w"
    order = f"""{JSON} -H Idempotency-Key:$w -d '{{"productId":"'$w'","quantity":1}}' {FRONTEND}/api/orders"""
    # A process for each: so many fewer.
    for_each_word = f"for n in $(seq {first} {first + WORDS // 10}); do w=w${{n}}x; "
    machine.succeed(
        f"{for_each_word} {curl} -X W$n {headers} {FRONTEND}/api/products; done",
        f"{for_each_word} {curl} {headers} {order}; done",
    )


def series(selector: str) -> set[str]:
    answer = get(machine, f"{PROMETHEUS}/api/v1/query", query=selector)
    return {json.dumps(one["metric"], sort_keys=True) for one in answer["data"]["result"]}


def shop_series() -> set[str]:
    """Those of the services, but for those of products, of which each new one is to have one, and of
    alerts, which Prometheus makes while one waits or fires."""
    return series(f'{{job=~"{JOBS}",__name__!~"shop_stock_units|ALERTS.*"}}')


def span_series() -> set[str]:
    """Those that Jaeger has made of spans."""
    return series('{job="jaeger-span-metrics"}')


def scraped_anew() -> None:
    """Until Prometheus has seen what is there now, of each that it asks."""
    begun = float(machine.succeed("date +%s.%N"))
    oldest = 'min(timestamp(up{job=~"' + JOBS + '|jaeger-span-metrics|loki"}))'
    # Jaeger hands its series over once an interval, and is scraped once an interval.
    eventually("all was scraped", lambda: metric(machine, oldest), lambda when: when > begun + 10)


machine.start()
wait_for_shop(machine)
wait_for_back_ends(machine)

# Every kind of request has been made then, and has its series.
machine.succeed("load-generator --target http://127.0.0.1:3001 --restock --duration 10s --report -")
throw(1)
scraped_anew()
shop_before, spans_before = shop_series(), span_series()
throw(10001)
scraped_anew()

with subtest("new words make no series"):
    shop_after, spans_after = shop_series(), span_series()
    log.info(f"series of the services: {len(shop_after)}, of spans: {len(spans_after)}")
    # One may have gone: a ratio of what has not been asked for a minute.
    assert len(shop_before) > 500 and not shop_after - shop_before, shop_after - shop_before
    if has_jaeger:
        assert len(spans_before) > 100 and not spans_after - spans_before, spans_after - spans_before

with subtest("the series of all stay below their bounds"):
    samples = metric(machine, f'max(scrape_samples_scraped{{job=~"{JOBS}"}})')
    head = metric(machine, "prometheus_tsdb_head_series")
    log.info(f"the largest service has {samples:.0f} samples, Prometheus {head:.0f} series")
    assert 100 < samples < SERVICE_SAMPLES, samples
    assert 1000 < head < HEAD_SERIES, head

if has_logs:
    with subtest("the streams of Loki are those of units and levels"):
        streams = metric(machine, "loki_ingester_memory_streams")
        log.info(f"Loki has {streams:.0f} streams")
        assert len(SERVICES) <= streams <= STREAMS, streams
        labels = get(machine, f"{LOKI}/loki/api/v1/labels")["data"]
        assert set(labels) == {"host", "level", "service", "unit"}, labels
else:
    skip("the streams of log lines", LOGS_MISSING)
