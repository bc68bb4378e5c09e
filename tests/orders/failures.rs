//! What becomes of an order when a part of the shop is wrong, gone, silent, or changes its mind:
//! one test for each row of the contract, and for each step of the flow.

use std::time::{Duration, Instant};

use harness::stand_in::{Behaviour, StandIn};
use harness::{
    Answer, Http, LogLine, Process, Raw, Receiver, ReceiverMode, Scrape, Shop, ShopOptions,
    eventually,
};
use http::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};

const CHECK: &str = "/inventory/check";
const RESERVATIONS: &str = "/inventory/reservations";

/// A shop in which the order service and the gateway see each service through a stand-in.
struct Stage {
    shop: Shop,
    product: StandIn,
    inventory: StandIn,
    order: StandIn,
}

impl Stage {
    async fn set() -> Self {
        Self::with(ShopOptions::default()).await
    }

    async fn with(options: ShopOptions) -> Self {
        let (product, inventory) = (StandIn::start().await, StandIn::start().await);
        let order = StandIn::start().await;
        let shop = Shop::with(ShopOptions {
            environment: vec![
                ("PRODUCT_SERVICE_URL", product.url()),
                ("INVENTORY_SERVICE_URL", inventory.url()),
                ("ORDER_SERVICE_URL", order.url()),
            ],
            without_frontend: true,
            ..options
        });
        product.stand_before(shop.http("product-service").address());
        inventory.stand_before(shop.http("inventory-service").address());
        order.stand_before(shop.http("order-service").address());
        Self {
            shop,
            product,
            inventory,
            order,
        }
    }

    async fn buy(&self, quantity: u32) -> Answer {
        self.shop.buy("product1", quantity).await
    }

    /// Buys three pieces, always under the same key.
    async fn buy_once(&self) -> Answer {
        self.buy_once_as("once").await
    }

    /// Buys three pieces under this key.
    async fn buy_once_as(&self, key: &str) -> Answer {
        let wish = json!({ "productId": "product1", "quantity": 3 });
        let key = [("idempotency-key", key)];
        let gateway = self.shop.gateway();
        gateway.post_with("/api/orders", &key, &wish).await
    }

    /// Asserts that no order is stored and nothing was taken.
    async fn assert_nothing_happened(&self) {
        assert_eq!(self.shop.orders().await, Vec::<Value>::new());
        assert_eq!(self.shop.stock("product1").await, 100);
    }

    /// Waits until the only order has this status; that order.
    async fn the_order_becomes(&self, status: &str) -> Value {
        eventually(&format!("the order becomes {status}"), async || {
            let orders = self.shop.orders().await;
            match orders.as_slice() {
                [order] if order["status"] == status => Ok(order.clone()),
                _ => Err(orders),
            }
        })
        .await
    }

    /// What the order service has counted under this result.
    async fn counted(&self, result: &str) -> String {
        let scrape = Scrape::of(&self.shop.http("order-service")).await;
        let count = scrape.value("shop_orders_total", &[("result", result)]);
        count.expect("a series").to_string()
    }
}

/// Asserts that nothing was stored, and that the client is told when to try again.
fn assert_unavailable(answer: &Answer, part: &str) {
    let problem = answer.problem(503);
    let detail = problem["detail"].as_str().expect("a text");
    assert!(detail.contains(part), "{detail}");
    let seconds = answer.header("retry-after").expect("a time to try again");
    assert!(
        (1..=60).contains(&seconds.parse().unwrap_or(0)),
        "{seconds}"
    );
}

/// Asserts that the outcome is not known, and that the client is told how to learn it.
fn assert_unknown(answer: &Answer, status: u16, part: &str) {
    let problem = answer.problem(status);
    let detail = problem["detail"].as_str().expect("a text");
    for words in [part, "outcome is unknown", "Idempotency-Key"] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    assert_eq!(answer.header("retry-after"), None, "nothing is down");
}

/// An inventory that says yes to whoever looks.
fn yes() -> Behaviour {
    let yes = json!({
        "productId": "product1", "requested": 3, "available": true, "currentStock": 100,
    });
    Behaviour::Answer(StatusCode::OK, yes)
}

async fn arrives(peer: &StandIn, path: &str, requests: usize) {
    eventually("the request is on its way", async || {
        let arrived = peer.arrived(path);
        if arrived >= requests {
            Ok(())
        } else {
            Err(arrived)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_product_is_404_and_stores_nothing() {
    let stage = Stage::set().await;
    let answer = stage.shop.buy("nothing", 1).await;
    assert_eq!(answer.problem(404)["error"], "Product not found");
    assert_eq!(stage.inventory.arrived(CHECK), 0);
    stage.assert_nothing_happened().await;
    assert_eq!(stage.counted("rejected_product").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn short_stock_is_409_with_both_numbers_and_stores_nothing() {
    let stage = Stage::set().await;
    let problem = stage.buy(101).await.problem(409);
    assert_eq!(problem["error"], "Insufficient inventory");
    assert_eq!(
        (&problem["currentStock"], &problem["requested"]),
        (&json!(100), &json!(101))
    );
    assert_eq!(problem.get("orderId"), None, "no order was stored");
    assert_eq!(stage.inventory.arrived(RESERVATIONS), 0);
    stage.assert_nothing_happened().await;
    assert_eq!(stage.counted("rejected_stock").await, "1");
    // The last piece can be had.
    assert_eq!(stage.buy(100).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_without_a_shelf_has_no_stock() {
    let stage = Stage::set().await;
    let product = json!({ "name": "New", "price": 1.5 });
    let made = stage.shop.gateway().post("/api/products", &product).await;
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let problem = stage.shop.buy(&id, 1).await.problem(409);
    assert_eq!(
        (&problem["currentStock"], &problem["requested"]),
        (&json!(0), &json!(1))
    );
    stage.assert_nothing_happened().await;
    stage.shop.set_stock(&id, 1).await;
    assert_eq!(stage.shop.buy(&id, 1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_product_service_is_503_and_stores_nothing() {
    let mut shop = Shop::start();
    shop.kill("product-service");
    assert_unavailable(&shop.buy("product1", 1).await, "product");
    assert_eq!(shop.orders().await.len(), 0);
    shop.start_service("product-service");
    assert_eq!(shop.buy("product1", 1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_inventory_service_is_503_and_stores_nothing() {
    let mut shop = Shop::start();
    shop.kill("inventory-service");
    assert_unavailable(&shop.buy("product1", 1).await, "inventory");
    assert_eq!(shop.orders().await.len(), 0);
    shop.start_service("inventory-service");
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    assert_eq!(shop.stock("product1").await, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_silent_or_breaks_off_before_anything_is_stored_is_503() {
    let stage = Stage::set().await;
    let paths = [
        (&stage.product, "/products/product1", "product"),
        (&stage.inventory, CHECK, "inventory"),
    ];
    for (peer, path, part) in paths {
        let nonsense = Behaviour::Answer(StatusCode::OK, json!("nonsense"));
        let fault = Behaviour::Answer(StatusCode::INTERNAL_SERVER_ERROR, json!({}));
        for behaviour in [Behaviour::Hang, Behaviour::Break, nonsense, fault] {
            peer.set(path, behaviour.clone());
            let begun = Instant::now();
            let answer = stage.buy(1).await;
            assert_unavailable(&answer, part);
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(5), "{took:?}");
            let detail = answer.json()["detail"].to_string();
            let silent = matches!(behaviour, Behaviour::Hang | Behaviour::Break);
            assert_eq!(detail.contains("gives no answer"), silent, "{detail}");
            peer.set(path, Behaviour::Pass);
        }
    }
    stage.assert_nothing_happened().await;
    assert_eq!(stage.counted("failed").await, "8");
    assert_eq!(stage.buy(1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_same_request_has_stored_is_found_when_a_peer_fails_the_repetition() {
    let stage = Stage::set().await;
    for (peer, path) in [
        (&stage.product, "/products/product1"),
        (&stage.inventory, CHECK),
    ] {
        let before = peer.arrived(path);
        peer.set(path, Behaviour::Hang);
        let (repeated, first) = tokio::join!(stage.buy_once_as(path), async {
            arrives(peer, path, before + 1).await;
            peer.set(path, Behaviour::Pass);
            stage.buy_once_as(path).await
        });
        assert_eq!(first.status, 201, "{first:?}");
        assert_eq!(repeated.status, 201, "{repeated:?}");
        assert_eq!(repeated.json(), first.json());
    }
    assert_eq!(stage.shop.orders().await.len(), 2);
    assert_eq!(stage.counted("failed").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_stops_answers_again_without_a_restart_of_anybody() {
    let mut shop = Shop::start();
    for (name, part) in [
        ("product-service", "product"),
        ("inventory-service", "inventory"),
    ] {
        shop.service(name).signal(Signal::STOP);
        assert_unavailable(&shop.buy("product1", 1).await, part);
        shop.service(name).signal(Signal::CONT);
        assert_eq!(shop.buy("product1", 1).await.status, 201);
    }
    assert_eq!(shop.stock("product1").await, 98);
}

/// An order whose reservation meets this is 202 and pending, and becomes `CREATED` when
/// inventory is well again; its pieces are taken once.
async fn is_pending_then_settled(behaviour: Behaviour) {
    let stage = Stage::set().await;
    stage.inventory.set(RESERVATIONS, behaviour);
    let begun = Instant::now();
    let answer = stage.buy(3).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(6), "a client waited {took:?}");
    assert_eq!(answer.status, 202, "{answer:?}");
    let order = answer.json();
    assert_eq!(order["status"], "PENDING");
    let location = answer.header("location").expect("a Location").to_owned();
    assert_eq!(stage.shop.gateway().get(&location).await.json(), order);
    assert_eq!(stage.counted("pending").await, "1");

    stage.inventory.set(RESERVATIONS, Behaviour::Pass);
    let settled = stage.the_order_becomes("CREATED").await;
    for field in [
        "id",
        "productId",
        "productName",
        "quantity",
        "totalPrice",
        "createdAt",
    ] {
        assert_eq!(settled[field], order[field], "{field}");
    }
    assert_eq!(stage.shop.stock("product1").await, 97);
    assert_eq!(stage.counted("created").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_202_and_settled_later_when_inventory_hangs_at_the_reservation() {
    is_pending_then_settled(Behaviour::Hang).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_202_and_settled_later_when_inventory_breaks_at_the_reservation() {
    is_pending_then_settled(Behaviour::Break).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_202_and_settled_later_when_the_answer_to_its_reservation_is_lost() {
    is_pending_then_settled(Behaviour::LoseAnswer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_202_and_settled_later_when_inventory_is_full_at_the_reservation() {
    let full = json!({ "title": "Service unavailable", "status": 503 });
    is_pending_then_settled(Behaviour::Answer(StatusCode::SERVICE_UNAVAILABLE, full)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_an_inventory_that_dies_between_check_and_reservation() {
    let mut stage = Stage::set().await;
    stage.inventory.set(RESERVATIONS, Behaviour::Break);
    let gateway = stage.shop.gateway();
    let buying = tokio::spawn(async move {
        let wish = json!({ "productId": "product1", "quantity": 3 });
        gateway.post("/api/orders", &wish).await
    });
    arrives(&stage.inventory, RESERVATIONS, 1).await;
    stage.shop.kill("inventory-service");
    stage.inventory.set(RESERVATIONS, Behaviour::Pass);
    stage.shop.start_service("inventory-service");
    // It was away for less than the client's patience: the client sees nothing of it.
    let answer = buying.await.expect("no panic");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(stage.shop.stock("product1").await, 97);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_loses_the_race_for_the_last_piece_is_409_and_stored_as_rejected() {
    let stage = Stage::set().await;
    stage.shop.set_stock("product1", 2).await;
    stage.inventory.set(CHECK, yes());
    let problem = stage.buy(3).await.problem(409);
    assert_eq!(problem["error"], "Insufficient inventory");
    assert_eq!(
        (&problem["currentStock"], &problem["requested"]),
        (&json!(2), &json!(3))
    );
    let order = stage.the_order_becomes("REJECTED").await;
    assert_eq!(problem["orderId"], order["id"], "the problem names it");
    assert_eq!(stage.shop.stock("product1").await, 2);
    assert_eq!(stage.counted("rejected_stock").await, "1");

    // An attempt of it that comes late finds new stock, and must not take any: the order is
    // rejected, and nobody would ever give it back.
    stage.shop.set_stock("product1", 100).await;
    let late = json!({ "orderId": order["id"], "productId": "product1", "quantity": 3 });
    let inventory = stage.shop.http("inventory-service");
    let problem = inventory.post(RESERVATIONS, &late).await.problem(409);
    assert_eq!(problem["currentStock"], 2, "it is answered as before");
    assert_eq!(stage.shop.stock("product1").await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_order_is_rejected_when_there_is_no_stock_in_the_end() {
    let stage = Stage::set().await;
    stage.inventory.set(RESERVATIONS, Behaviour::Hang);
    assert_eq!(stage.buy(3).await.status, 202);
    stage.shop.set_stock("product1", 2).await;
    stage.inventory.set(RESERVATIONS, Behaviour::Pass);
    stage.the_order_becomes("REJECTED").await;
    assert_eq!(stage.shop.stock("product1").await, 2);
    assert_eq!(stage.counted("rejected_stock").await, "1");
    assert_eq!(stage.counted("created").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_comes_to_its_end_when_its_client_goes_away() {
    let stage = Stage::set().await;
    let body = r#"{"productId":"product1","quantity":3}"#;
    let head = "host: shop\r\ncontent-type: application/json\r\ncontent-length: 37\r\n\r\n";
    let doors = [
        (stage.shop.gateway(), "/api/orders"),
        (stage.shop.http("order-service"), "/orders"),
    ];
    for (nth, (door, path)) in (1..).zip(doors) {
        stage.inventory.set(RESERVATIONS, Behaviour::Break);
        let before = stage.inventory.arrived(RESERVATIONS);
        let mut client = Raw::connect(door.address()).await;
        client
            .send(format!("POST {path} HTTP/1.1\r\n{head}{body}"))
            .await
            .expect("sent");
        arrives(&stage.inventory, RESERVATIONS, before + 1).await;
        drop(client);
        stage.inventory.set(RESERVATIONS, Behaviour::Pass);
        eventually("the order is created", async || {
            let orders = stage.shop.orders().await;
            let created = orders.iter().filter(|order| order["status"] == "CREATED");
            if created.count() == nth {
                Ok(())
            } else {
                Err(orders)
            }
        })
        .await;
    }
    assert_eq!(stage.shop.stock("product1").await, 94);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_left_pending_by_a_crash_is_settled_at_the_restart_in_its_trace() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let mut stage = Stage::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    })
    .await;
    // The crash comes after the reservation and before its answer: the worst moment.
    stage.inventory.set(RESERVATIONS, Behaviour::LoseAnswer);
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let gateway = stage.shop.gateway();
    let buying = tokio::spawn(async move {
        let traceparent = format!("00-{trace}-{span}-01");
        let headers = [
            ("traceparent", traceparent.as_str()),
            ("idempotency-key", "once"),
        ];
        let wish = json!({ "productId": "product1", "quantity": 3 });
        gateway.post_with("/api/orders", &headers, &wish).await
    });
    eventually("the pieces are taken", async || {
        let stock = stage.shop.stock("product1").await;
        if stock == 97 { Ok(()) } else { Err(stock) }
    })
    .await;
    stage.shop.kill("order-service");
    assert_unknown(&buying.await.expect("no panic"), 502, "order-service");
    stage.inventory.set(RESERVATIONS, Behaviour::Pass);
    stage.shop.start_service("order-service");
    let order = stage.the_order_becomes("CREATED").await;
    assert_eq!(stage.shop.stock("product1").await, 97);
    // As the client was told, the same key tells what became of it.
    let again = stage.buy_once().await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.json(), order);
    assert_eq!(stage.shop.orders().await.len(), 1);
    assert_eq!(stage.shop.stock("product1").await, 97);

    let spans = eventually("the trace goes on", async || {
        let spans = receiver.trace(trace);
        let reserved = spans.iter().filter(|span| {
            span.service == "inventory-service" && span.span.name == format!("POST {RESERVATIONS}")
        });
        // Before the crash, and after it.
        if reserved.count() >= 2 && spans.iter().any(|span| span.span.name == "settle_order") {
            Ok(spans)
        } else {
            Err(spans
                .into_iter()
                .map(|span| span.span.name)
                .collect::<Vec<_>>())
        }
    })
    .await;
    let settling = spans.iter().find(|span| span.span.name == "settle_order");
    let settling = settling.expect("just seen");
    assert_eq!(settling.service, "order-service");
    assert_eq!(
        settling.attribute("order.id").as_deref(),
        order["id"].as_str()
    );
    let log = stage.shop.log_of_trace(trace);
    assert!(
        log.iter().any(|line| line["order_id"] == order["id"]
            && line["target"] == "order_service::flow"
            && line["level"] == "INFO"),
        "the event of the created order bears the trace: {log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_upstream_is_too_slow_answers_504_within_its_bound() {
    let stage = Stage::set().await;
    stage.order.set("/orders", Behaviour::Hang);
    let begun = Instant::now();
    assert_unknown(&stage.buy(1).await, 504, "order-service");
    let took = begun.elapsed();
    assert!(
        (9..13).contains(&took.as_secs()),
        "the bound is ten seconds: {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_service_breaks_off_is_502_since_nobody_knows_whether_it_stands() {
    let stage = Stage::set().await;
    // It does not stand.
    stage.order.set("/orders", Behaviour::Break);
    assert_unknown(&stage.buy_once().await, 502, "order-service");
    stage.order.set("/orders", Behaviour::Pass);
    stage.assert_nothing_happened().await;
    // It stands.
    stage.order.set("/orders", Behaviour::LoseAnswer);
    assert_unknown(&stage.buy_once().await, 502, "order-service");
    stage.order.set("/orders", Behaviour::Pass);
    let order = stage.the_order_becomes("CREATED").await;
    let again = stage.buy_once().await;
    assert_eq!((again.status.as_u16(), again.json()), (201, order));
    assert_eq!(stage.shop.stock("product1").await, 97);
    // Under no key it would be another order.
    stage.order.set("/orders", Behaviour::Break);
    assert_unknown(&stage.buy(3).await, 502, "order-service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_changes_nothing_and_breaks_off_is_502_and_may_be_sent_again() {
    let stage = Stage::set().await;
    for behaviour in [Behaviour::Break, Behaviour::LoseAnswer] {
        stage
            .inventory
            .set("/inventory/product1", behaviour.clone());
        stage.order.set("/orders", behaviour);
        let gateway = stage.shop.gateway();
        let problem = gateway.get("/api/orders").await.problem(502);
        let detail = problem["detail"].as_str().expect("a text");
        assert!(
            detail.contains("may be sent again") && !detail.contains("unknown"),
            "{detail}"
        );
    }
    stage.order.set("/orders", Behaviour::Pass);
    assert_eq!(stage.shop.orders().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_sent_is_503_with_a_time_to_try_again_whatever_the_method() {
    let mut shop = Shop::start();
    shop.kill("order-service");
    shop.kill("inventory-service");
    let gateway = shop.gateway();
    for _ in 0..8 {
        // Refused at first, and then by the open circuit.
        assert_unavailable(&shop.buy("product1", 1).await, "order-service");
        assert_unavailable(&gateway.get("/api/orders").await, "order-service");
        let stock = json!({ "quantity": 5 });
        let put = gateway.put("/api/inventory/product1", &stock).await;
        assert_unavailable(&put, "inventory-service");
    }
    shop.start_service("order-service");
    shop.start_service("inventory-service");
    let orders = eventually("the circuit closes", async || {
        let answer = gateway.get("/api/orders").await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    })
    .await;
    assert_eq!(orders.json(), json!([]), "nothing was stored");
    let stock = eventually("the circuit closes", async || {
        let answer = gateway.get("/api/inventory/product1").await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    })
    .await;
    assert_eq!(stock.json()["quantity"], 100, "nothing was set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve_and_a_host_that_takes_no_connection_are_503() {
    // A queue of one, which is full: the kernel lets further connections wait.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a free port");
    let full = socket.listen(1).expect("a listener");
    let address = full.local_addr().expect("an address");
    let mut waiting = Vec::new();
    let bound = Duration::from_millis(200);
    while let Ok(stream) =
        tokio::time::timeout(bound, tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(stream.expect("a connection"));
    }
    // RFC 6761 section 6.4: this name never resolves.
    for url in [
        format!("http://{address}"),
        "http://nowhere.invalid:80".to_owned(),
    ] {
        let gateway = Process::start("gateway-service", &[("ORDER_SERVICE_URL", url.into())]);
        let gateway = Http::new(gateway.address());
        let wish = json!({ "productId": "product1", "quantity": 1 });
        let begun = Instant::now();
        assert_unavailable(&gateway.post("/api/orders", &wish).await, "order-service");
        assert_unavailable(&gateway.get("/api/orders").await, "order-service");
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

/// The line with these words, which is read a moment after the answer.
async fn logged(service: &Process, words: &str) -> LogLine {
    eventually(words, async || {
        let mut log = service.log();
        let found = log.iter().position(|line| {
            line["message"]
                .as_str()
                .is_some_and(|message| message.contains(words))
        });
        found.map(|at| log.swap_remove(at)).ok_or(log)
    })
    .await
}

/// The circuit of `service` towards `peer`: it opens after failures in a row, which are answered
/// with `failure`; then requests fail at once and the peer is not asked; and it closes when the
/// peer is well.
async fn the_circuit_opens_and_closes(
    stage: &mut Stage,
    service: &str,
    (peer, path, failure): (&StandIn, &str, u16),
) {
    peer.set(path, Behaviour::Break);
    let begun = peer.arrived(path);
    let asked = eventually("the circuit opens", async || {
        let before = peer.arrived(path);
        let answer = stage.buy(1).await;
        let after = peer.arrived(path);
        if after == before {
            assert_unavailable(&answer, "");
            Ok(after - begun)
        } else {
            answer.problem(failure);
            Err(after)
        }
    })
    .await;
    assert!((5..=6).contains(&asked), "it opened after {asked} failures");
    let warning = logged(stage.shop.service(service), "the circuit is open").await;
    assert_eq!(warning["level"], "WARN");

    // While it is open, requests fail fast and the peer is left alone but for single probes.
    let (begun, before) = (Instant::now(), peer.arrived(path));
    for _ in 0..20 {
        assert_unavailable(&stage.buy(1).await, "");
    }
    let probes = peer.arrived(path) - before;
    let most = usize::try_from(begun.elapsed().as_secs()).expect("small") + 1;
    assert!(probes <= most, "{probes} probes in {:?}", begun.elapsed());

    peer.set(path, Behaviour::Pass);
    eventually("the circuit closes", async || {
        let answer = stage.buy(1).await;
        if answer.status == 201 {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    logged(stage.shop.service(service), "the circuit is closed").await;
    for _ in 0..10 {
        assert_eq!(stage.buy(1).await.status, 201, "it stays closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_probe_of_an_open_circuit_hangs_no_other_request_passes() {
    let path = "/products/product1";
    let mut stage = Stage::set().await;
    let product = stage.product.clone();
    product.set(path, Behaviour::Break);
    for _ in 0..5 {
        assert_unavailable(&stage.buy(1).await, "product-service");
    }
    let order_service = stage.shop.service("order-service");
    logged(order_service, "the circuit is open").await;
    let before = product.arrived(path);
    product.set(path, Behaviour::Hang);
    let buy = || {
        let gateway = stage.shop.gateway();
        let order = json!({ "productId": "product1", "quantity": 1 });
        tokio::spawn(async move { gateway.post("/api/orders", &order).await })
    };
    let mut waiting = Vec::new();
    eventually("a probe passes", async || {
        waiting.push(buy());
        let passed = product.arrived(path) - before;
        if passed > 0 { Ok(()) } else { Err(passed) }
    })
    .await;
    // The probe hangs for two seconds, and the pause behind it is as long again.
    let probing = Instant::now();
    while probing.elapsed() < Duration::from_millis(2500) {
        waiting.push(buy());
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(product.arrived(path) - before, 1, "a second probe");
    }
    for answer in waiting {
        assert_unavailable(&answer.await.expect("no panic"), "product-service");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_whose_client_sends_slowly_does_not_keep_the_others_from_a_healthy_peer() {
    let path = "/orders";
    let mut stage = Stage::set().await;
    stage.order.set(path, Behaviour::Break);
    for _ in 0..5 {
        stage.buy(1).await.problem(502);
    }
    let gateway = stage.shop.service("gateway-service");
    logged(gateway, "the circuit is open").await;
    stage.order.set(path, Behaviour::Pass);
    let http = stage.shop.gateway();
    // While the circuit is open a client is refused once a second has been spent on the rest of its
    // body. The first that is not refused is the probe.
    let mut slow = eventually("a slow client is the probe", async || {
        let mut slow = Raw::connect(http.address()).await;
        let head = "POST /api/orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
                    content-length: 37\r\n\r\n{";
        slow.send(head).await.expect("sent");
        if slow.hears_within(Duration::from_secs(2)).await {
            Err("refused")
        } else {
            Ok(slow)
        }
    })
    .await;
    eventually("another request passes", async || {
        let answer = http.get("/api/orders").await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    assert!(
        !slow.hears_within(Duration::ZERO).await,
        "the slow client still holds its request"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_services_circuits_open_and_close() {
    let mut stage = Stage::set().await;
    let product = stage.product.clone();
    the_circuit_opens_and_closes(
        &mut stage,
        "order-service",
        (&product, "/products/product1", 503),
    )
    .await;
    let inventory = stage.inventory.clone();
    the_circuit_opens_and_closes(&mut stage, "order-service", (&inventory, CHECK, 503)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_circuit_opens_and_closes() {
    let mut stage = Stage::set().await;
    let order = stage.order.clone();
    the_circuit_opens_and_closes(&mut stage, "gateway-service", (&order, "/orders", 502)).await;
    // An open circuit towards one service is none towards another.
    order.set("/orders", Behaviour::Break);
    let gateway: Http = stage.shop.gateway();
    for _ in 0..10 {
        let status = stage.buy(1).await.status;
        assert!([502, 503].contains(&status.as_u16()), "{status}");
        assert_eq!(gateway.get("/api/products").await.status, 200);
    }
}
