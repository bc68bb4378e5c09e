#!/usr/bin/env python3
"""Two ordinary days of the whole system as a test for promtool, on which no alert may fire but the one
that always does: a daily wave with a quiet night, deployments, restarts, some errors within the budget, a
stock that is refilled.

usage: days.py FOLDER  writes the test; all rules lie in the same folder, as files-all.json says.
"""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from week import DAY, HOUR, STEP, deployed, drawn, requests_a_second

DAYS = 2
MEBIBYTE = 1024 * 1024
SERVICES = {
    "frontend": 3001,
    "gateway-service": 8080,
    "product-service": 8081,
    "inventory-service": 8082,
    "order-service": 8083,
}
STORES = ("product-service", "inventory-service", "order-service")
BACK_ENDS = {"prometheus": 9090, "alertmanager": 9093, "loki": 3100, "jaeger": 8888, "promtail": 9080, "node": 9100}
# What a counter of trouble shows while there is none.
ALL_WELL = {
    "telemetry_spans_dropped_total": SERVICES,
    "telemetry_logs_dropped_total": SERVICES,
    "promtail_dropped_entries_total": {"promtail": 9080},
    "otelcol_exporter_send_failed_spans_total": {"jaeger": 8888},
    "prometheus_notifications_errors_total": {"prometheus": 9090},
    "prometheus_rule_evaluation_failures_total": {"prometheus": 9090},
    "alertmanager_notifications_failed_total": {"alertmanager": 9093},
}

# The share of the answers that came within so many seconds.
WITHIN = {"0.025": 0.9, "0.1": 0.99, "0.25": 0.996, "1.0": 1, "+Inf": 1}

Gauge = Callable[[int], float]


class Days:
    """Samples of every series, second by second."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.traffic = {
            second: drawn(self.chance, requests_a_second(second) * STEP) for second in range(0, DAYS * DAY, STEP)
        }
        self.gauges: dict[str, Gauge] = {}
        # What each counter grows by in a step; all of a service begin anew with its process.
        self.counters: dict[str, Gauge] = {}

    def shop(self) -> None:
        """Requests, peers, limits and stores of the five services."""
        for service, port in SERVICES.items():
            ours = f'job="{service}",instance="127.0.0.1:{port}"'
            route = f'{ours},method="GET",uri="/products"'
            self.gauges[f"up{{{ours}}}"] = lambda second: 0 if deployed(second) else 1
            self.counters[f'http_server_requests_seconds_count{{{route},status="200"}}'] = self.requests(1)
            self.counters[f'http_server_requests_seconds_count{{{route},status="503"}}'] = self.requests(0.0002)
            for bound, share in WITHIN.items():
                name = f'http_server_requests_seconds_bucket{{{route},status="200",le="{bound}"}}'
                self.counters[name] = self.requests(share)
            memory = 25 * MEBIBYTE
            self.gauges[f"process_resident_memory_bytes{{{ours}}}"] = lambda second: memory + second % DAY
            self.gauges[f"process_open_fds{{{ours}}}"] = lambda second: 20 + requests_a_second(second)
            self.gauges[f"process_max_fds{{{ours}}}"] = lambda _: 16384
            self.gauges[f"scrape_samples_scraped{{{ours}}}"] = lambda _: 600
            lines = f'service="{service}",unit="{service}.service",level="info"'
            self.counters[f'promtail_journal_lines_total{{job="promtail",instance="127.0.0.1:9080",{lines}}}'] = self.requests(1)
        for service in STORES:
            ours = f'job="{service}",instance="127.0.0.1:{SERVICES[service]}"'
            for bound, share in (("0.01", 0.9), ("0.1", 1), ("+Inf", 1)):
                self.counters[f'store_commit_seconds_bucket{{{ours},le="{bound}"}}'] = self.requests(share / 6)
            self.gauges[f"store_queue_writes{{{ours}}}"] = lambda second: self.chance.randrange(20)

    def orders(self) -> None:
        """Orders, stock, and what waits."""
        gateway = 'job="gateway-service",instance="127.0.0.1:8080",method="POST",uri="/api/orders"'
        self.counters[f'http_server_requests_seconds_count{{{gateway},status="503"}}'] = self.requests(0.0005 / 6)
        for status, orders in (("201", 1 / 6), ("409", 1 / 60)):
            answer = f'{gateway},status="{status}"'
            self.counters[f"http_server_requests_seconds_count{{{answer}}}"] = self.requests(orders)
            for bound, share in WITHIN.items():
                name = f'http_server_requests_seconds_bucket{{{answer},le="{bound}"}}'
                self.counters[name] = self.requests(share * orders)
        order = 'job="order-service",instance="127.0.0.1:8083"'
        self.counters[f'shop_orders_total{{{order},result="created"}}'] = self.requests(1 / 6)
        self.counters[f'shop_orders_total{{{order},result="rejected_stock"}}'] = self.requests(1 / 60)
        self.counters[f"shop_order_value_total{{{order}}}"] = self.requests(46 / 6)
        self.gauges[f"shop_orders_pending{{{order}}}"] = lambda second: self.chance.randrange(3)
        self.gauges[f"shop_orders_pending_oldest_seconds{{{order}}}"] = lambda second: self.chance.randrange(8)
        # Refilled each hour, and two minutes too late each evening.
        stock = 'shop_stock_units{job="inventory-service",instance="127.0.0.1:8082",product_id="product1"}'
        late = 19 * HOUR
        self.gauges[stock] = lambda second: 0 if late <= second % DAY < late + 120 else 100 - second % HOUR / 40
        for peer in ("product-service", "inventory-service"):
            call = f'{order},peer="{peer}",method="POST",uri="/"'
            self.counters[f'http_client_requests_seconds_count{{{call},status="200"}}'] = self.requests(1 / 6)
            self.counters[f'http_client_requests_seconds_count{{{call},status="IO_ERROR"}}'] = self.requests(0.001)

    def host(self) -> None:
        """What watches the shop, and the host below all of it."""
        for job, port in BACK_ENDS.items():
            self.gauges[f'up{{job="{job}",instance="127.0.0.1:{port}"}}'] = lambda _: 1
        for family, jobs in ALL_WELL.items():
            for job, port in jobs.items():
                self.gauges[f'{family}{{job="{job}",instance="127.0.0.1:{port}"}}'] = lambda _: 0
        node = 'job="node",instance="127.0.0.1:9100"'
        for service in SERVICES:
            unit = f'{node},name="{service}.service"'
            self.gauges[f"node_systemd_service_restart_total{{{unit}}}"] = lambda _: 0
            self.gauges[f'node_systemd_unit_state{{{unit},state="failed"}}'] = lambda _: 0
        disk = f'{node},device="/dev/sda",fstype="ext4",mountpoint="/"'
        gibibyte = 1024 * MEBIBYTE
        # It fills by day, and is compacted each night at three.
        since = lambda second: (second - 3 * HOUR) % DAY
        self.gauges[f"node_filesystem_avail_bytes{{{disk}}}"] = lambda second: (40 - 2 * since(second) / DAY) * gibibyte
        self.gauges[f"node_filesystem_size_bytes{{{disk}}}"] = lambda _: 80 * gibibyte
        self.gauges[f"node_memory_MemAvailable_bytes{{{node}}}"] = lambda _: 4 * gibibyte
        self.gauges[f"node_memory_MemTotal_bytes{{{node}}}"] = lambda _: 8 * gibibyte

    def requests(self, share: float) -> Gauge:
        """Such a share of all requests."""
        return lambda second: self.traffic[second] * share

    def samples(self) -> dict[str, str]:
        """All of it, as promtool reads it."""
        seconds = self.traffic
        written = {name: " ".join(f"{gauge(second):.6g}" for second in seconds) for name, gauge in self.gauges.items()}
        for name, grows in self.counters.items():
            total, values = 0.0, []
            for second in seconds:
                total = 0.0 if deployed(second) else total + grows(second)
                values.append(f"{total:.10g}")
            written[name] = " ".join(values)
        return written


def main() -> None:
    """Writes the test."""
    folder = Path(sys.argv[1])
    days = Days(seed=12)
    days.shop()
    days.orders()
    days.host()
    fired = f'ALERTS{{alertname!="Watchdog",alertstate="firing"}}[{DAYS}d]'
    test = {
        **json.loads((folder / "files-all.json").read_text()),
        "evaluation_interval": f"{STEP}s",
        "tests": [
            {
                "interval": f"{STEP}s",
                "input_series": [{"series": name, "values": values} for name, values in days.samples().items()],
                "promql_expr_test": [
                    {
                        "expr": f"count by (alertname, service, window, signal) (count_over_time({fired}))",
                        "eval_time": f"{DAYS * DAY - STEP}s",
                        "exp_samples": [],
                    }
                ],
            }
        ],
    }
    (folder / "test-ordinary-days.yml").write_text(json.dumps(test))


if __name__ == "__main__":
    main()
