"""What was answered, logged, traced and measured is there after a reboot, and after a loss of power."""

start_all()
wait_for_shop(machine)
wait_for_back_ends(machine)


def state() -> tuple[list[object], dict[str, int], list[object]]:
    orders = all_orders(machine)
    shelves = {product: stock(machine, product) for product in ("product1", "product2", "product3")}
    return orders, shelves, read(machine, f"{FRONTEND}/api/products")


def written(trace_id: str) -> list[tuple[str, str]]:
    return sorted((line["service"], line["message"]) for line in lines_of(machine, trace_id))


def back() -> None:
    machine.start()
    wait_for_shop(machine)
    wait_for_back_ends(machine)


wish = {"name": "Product 4", "price": 0.05}
status, _, product = request(machine, "POST", f"{FRONTEND}/api/products", wish)
assert status == 201, product
status, order, trace_id = buy(machine, "product2", 4)
assert status == 201, order
whole_trace(machine, trace_id)
logged = sorted((line["service"], line["message"]) for line in journal_of(machine, trace_id))
assert {service for service, _ in logged} == set(SERVICES), logged
eventually("every line of the trace has arrived", lambda: written(trace_id), lambda now: now == logged)
eventually("Prometheus knows of the order", lambda: metric(machine, "sum(shop_orders_total)"), lambda n: n >= 1)
kept = state()

with subtest("a reboot: products, orders and stock are as they were"):
    machine.shutdown()
    back()
    assert state() == kept

with subtest("and the trace, the log lines, once, and the metrics are still told"):
    if has_jaeger:
        whole_trace(machine, trace_id)
    else:
        skip("a trace after a reboot", "jaeger")
    eventually("the log lines of before", lambda: written(trace_id), lambda now: set(now) >= set(logged))
    assert written(trace_id) == logged, "a line is there twice"
    past = get(machine, f"{PROMETHEUS}/api/v1/query", query="max_over_time(sum(shop_orders_total)[1h:1s])")
    assert float(past["data"]["result"][0]["value"][1]) >= 1, past

with subtest("a loss of power: an order that was answered 201 is there"):
    status, order, _trace = buy(machine, "product3", 5)
    assert status == 201, order
    machine.crash()
    back()
    found = read(machine, f"{FRONTEND}/api/orders/{order['id']}")
    assert found == order, (order, found)
    assert stock(machine, "product3") == 70

with subtest("and orders go on, each with a number of its own"):
    status, another, _trace = buy(machine)
    assert status == 201 and another["id"] != order["id"]
