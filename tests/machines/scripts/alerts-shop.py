"""Long: What customers and the shop's keeper feel is told in time, each with its runbook: nothing sells, orders
fail, are slow, wait or are stuck, and what is unusual against the last hour."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

# The last hour of a shop that sold a thousand times as much within a millisecond, as the bands
# have to have learned it: one sample each half a minute.
USUAL = {"rate": 1000, "latency": 0.001, "order_value": 50_000}


def set_stock(product: str, quantity: int) -> None:
    assert request(machine, "PUT", f"{FRONTEND}/api/inventory/{product}", {"quantity": quantity})[0] == 200


def pending() -> bool:
    return any(order["status"] == "PENDING" for order in all_orders(machine))


PRODUCTS = ("product1", "product2", "product3")

machine.start()
start_receivers(machine)
wait_for_shop(machine)
machine.wait_for_unit("prometheus.service")
remember_an_hour(machine, USUAL)
wait_for_back_ends(machine)

with subtest("customers order, and nothing is sold"):
    for product in PRODUCTS:
        set_stock(product, 0)
    # The counters have to be known before they rise.
    eventually("orders are counted", lambda: metric(machine, "count(shop_orders_total)"), lambda series: series > 1)
    begun = now(machine)
    for _ in range(12):
        assert buy(machine)[0] == 409
        machine.sleep(1)
    is_told(machine, "NothingSells", begun, 180)
    over = now(machine)
    set_stock("product1", 100_000)
    set_stock("product2", 100_000)
    assert buy(machine)[0] == 201
    is_told(machine, "NothingSells", over, 180, status="resolved")

with subtest("a product service that answers in fits and starts: orders are slow"):
    slow_begun = now(machine)
    start_load(machine, "--rate 4 --orders-only --forever")
    # Four fifths of each second it does not run; its watchdog and Prometheus still hear of it.
    pid = main_pid(machine, "product-service")
    machine.succeed(
        "systemd-run --quiet --collect --unit=fits -- $(command -v bash) -c"
        f" 'while kill -STOP {pid}; do sleep 0.8; kill -CONT {pid}; sleep 0.2; done'"
    )
    is_told(machine, "OrdersSlowFast", slow_begun, 300, window="1h")

with subtest("few and cheap orders against the last hour"):
    # Few from the first one on.
    is_told(machine, "RequestRateUnusual", begun, 600)
    is_told(machine, "OrderValueUnusual", slow_begun, 480)

with subtest("a product that is sold out for five minutes"):
    is_told(machine, "SoldOut", begun, 480, product_id="product3")
    over = now(machine)
    set_stock("product3", 100_000)

with subtest("slow for minutes, by its own measure and against the last hour"):
    is_told(machine, "ResponsesSlow", slow_begun, 600, service="gateway-service")
    is_told(machine, "LatencyUnusual", slow_begun, 720)
    machine.succeed(f"systemctl stop fits.service; kill -CONT {pid}")
    is_told(machine, "SoldOut", over, 180, status="resolved", product_id="product3")

with subtest("inventory cannot store: orders stay pending"):
    machine.succeed("systemctl stop load.service")
    fill_store(machine, "inventory-service")
    begun = now(machine)
    start_load(machine, "--rate 5 --orders-only --duration 100s")
    if has_logs:
        is_told(machine, "StoreCommitFails", begun, 120, service="inventory-service")
    is_told(machine, "PeerFailing", begun, 180, service="inventory-service")
    is_told(machine, "OrdersPending", begun, 240)
    over = now(machine)
    empty_store(machine, "inventory-service")
    eventually("every order is settled", pending, lambda there: not there, 120)
    is_told(machine, "OrdersPending", over, 240, status="resolved")

if has_logs:
    with subtest("an inventory of another version, whose answer nobody understands"):
        start_stand_in(
            machine,
            shop_unit("inventory-service"),
            8082,
            {
                "POST /inventory/check": (
                    200,
                    '{"productId":"product1","requested":1,"available":true,"currentStock":9}',
                ),
                "POST /inventory/reservations": (418, "{}"),
            },
        )
        begun = now(machine)
        assert buy(machine)[0] == 202
        is_told(machine, "OrderStuck", begun, 180)
        stop_stand_in(machine, shop_unit("inventory-service"), 8082)
        wait_for_shop(machine)
        eventually("the order is settled", pending, lambda there: not there, 120)
else:
    skip("alerts of Loki's ruler", LOGS_MISSING)

with subtest("orders cannot be stored: they fail"):
    fill_store(machine, "order-service")
    begun = now(machine)
    start_load(machine, "--rate 20 --orders-only --duration 240s")
    is_told(machine, "ServerErrors", begun, 240, service="order-service")
    is_told(machine, "OrdersFailFast", begun, 240, window="1h")
    machine.succeed("systemctl stop load.service")
    empty_store(machine, "order-service")
