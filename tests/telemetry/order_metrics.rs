//! The shop's own metrics: orders by their result, their value, and the stock.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use harness::{Answer, Http, Process, Scrape, Shop, eventually, file_size, serve};
use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

/// Every result of `shop_orders_total`; each is there from the start.
const RESULTS: [&str; 5] = [
    "created",
    "failed",
    "pending",
    "rejected_product",
    "rejected_stock",
];

fn assert_close(found: f64, wanted: f64, what: &str) {
    assert!(
        (found - wanted).abs() < 1e-9,
        "{what}: {found}, not {wanted}"
    );
}

/// An inventory service in the hands of a test: there is always stock, and what becomes of a
/// reservation is the test's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reservations {
    Answer(u16),
    Hang,
}

async fn fake_inventory(reservations: watch::Receiver<Reservations>) -> SocketAddr {
    async fn check(body: axum::body::Bytes) -> Response {
        let wish: Value = serde_json::from_slice(&body).expect("JSON");
        axum::Json(json!({ "productId": wish["productId"], "requested": wish["quantity"], "available": true, "currentStock": 1000 }))
            .into_response()
    }
    async fn reserve(
        State(mut then): State<watch::Receiver<Reservations>>,
        body: axum::body::Bytes,
    ) -> Response {
        let wish: Value = serde_json::from_slice(&body).expect("JSON");
        let now = *then
            .wait_for(|then| *then != Reservations::Hang)
            .await
            .expect("the test holds it");
        let status = match now {
            Reservations::Answer(status) => StatusCode::from_u16(status).expect("a status"),
            Reservations::Hang => unreachable!(),
        };
        let answer = match status.as_u16() {
            201 => {
                json!({ "orderId": wish["orderId"], "productId": wish["productId"], "quantity": wish["quantity"], "remaining": 999 })
            }
            _ => {
                json!({ "type": "about:blank", "title": "t", "status": status.as_u16(), "detail": "d", "error": "t", "currentStock": 2, "requested": 3 })
            }
        };
        (status, axum::Json(answer)).into_response()
    }
    let router = Router::new()
        .route("/inventory/check", post(check))
        .route("/inventory/reservations", post(reserve))
        .with_state(reservations);
    serve(router).await
}

/// An order service with a real product service and the inventory of the test.
struct Orders {
    http: Http,
    product: Process,
    _order: Process,
    _folder: TempDir,
}

impl Orders {
    fn start(inventory: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = |name: &str| ("STATE_DIRECTORY", folder.path().join(name).into());
        let product = Process::start("product-service", &[state("product")]);
        let order = Process::start(
            "order-service",
            &[
                state("order"),
                (
                    "PRODUCT_SERVICE_URL",
                    format!("http://{}", product.address()).into(),
                ),
                (
                    "INVENTORY_SERVICE_URL",
                    format!("http://{inventory}").into(),
                ),
            ],
        );
        Self {
            http: Http::new(order.address()),
            product,
            _order: order,
            _folder: folder,
        }
    }

    async fn buy(&self, product: &str, quantity: u32) -> Answer {
        let wish = json!({ "productId": product, "quantity": quantity });
        self.http.post("/orders", &wish).await
    }

    /// The results of [`RESULTS`], in that order, and the value of all orders.
    async fn results(&self) -> ([u32; 5], f64) {
        let scrape = Scrape::of(&self.http).await;
        let results = RESULTS.map(|result| {
            let count = scrape.value("shop_orders_total", &[("result", result)]);
            let count = count.unwrap_or_else(|| panic!("no series {result}"));
            count.to_string().parse().expect("a whole number")
        });
        (
            results,
            scrape
                .value("shop_order_value_total", &[])
                .expect("the counter"),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wish_for_an_order_counts_under_its_result_and_created_ones_with_their_value() {
    let (then, reservations) = watch::channel(Reservations::Answer(201));
    let mut orders = Orders::start(fake_inventory(reservations).await);
    assert_eq!(orders.results().await, ([0; 5], 0.0));

    let created = orders.buy("product1", 3).await;
    assert_eq!(
        (
            created.status.as_u16(),
            created.json()["totalPrice"].as_f64()
        ),
        (201, Some(32.97))
    );
    let (results, value) = orders.results().await;
    assert_eq!(results, [1, 0, 0, 0, 0]);
    assert_close(value, 32.97, "one order");

    assert_eq!(orders.buy("none", 1).await.status, 404);
    assert_eq!(orders.results().await.0, [1, 0, 0, 1, 0]);

    // Sold out between the check and the reservation.
    then.send_replace(Reservations::Answer(409));
    orders.buy("product2", 3).await.problem(409);
    assert_eq!(orders.results().await.0, [1, 0, 0, 1, 1]);

    // Malformed is no wish.
    assert_eq!(orders.buy("product1", 0).await.status, 400);
    assert_eq!(orders.results().await.0, [1, 0, 0, 1, 1]);

    // Inventory answers the check and is lost for the reservation.
    then.send_replace(Reservations::Hang);
    let headers = [("idempotency-key", "once")];
    let wish = json!({ "productId": "product3", "quantity": 2 });
    // Asked for again it is the same order.
    for _ in 0..2 {
        let pending = orders.http.post_with("/orders", &headers, &wish).await;
        assert_eq!(
            (pending.status.as_u16(), &pending.json()["status"]),
            (202, &json!("PENDING"))
        );
        let (results, value) = orders.results().await;
        assert_eq!(results, [1, 0, 1, 1, 1]);
        assert_close(value, 32.97, "a pending order is worth nothing yet");
    }

    // It is back, and the order is settled in the background: 2 x 5.49 more.
    then.send_replace(Reservations::Answer(201));
    eventually(
        "the pending order is settled and counts as created",
        async || {
            let (results, value) = orders.results().await;
            let settled = results == [2, 0, 1, 1, 1] && (value - 43.95).abs() < 1e-9;
            settled.then_some(()).ok_or((results, value))
        },
    )
    .await;

    orders.product.kill();
    assert_eq!(orders.buy("product1", 1).await.status, 503);
    assert_eq!(orders.results().await.0, [2, 1, 1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_value_of_orders_is_exact_to_the_cent_however_many_there_are() {
    let (_then, reservations) = watch::channel(Reservations::Answer(201));
    let orders = Orders::start(fake_inventory(reservations).await);
    for bought in 1..=100_u32 {
        assert_eq!(orders.buy("product1", 3).await.status, 201);
        if bought % 10 == 0 {
            let text = orders.http.get("/metrics").await;
            let text = String::from_utf8_lossy(&text.body).into_owned();
            let line = text
                .lines()
                .find(|line| line.starts_with("shop_order_value_total "));
            // As it is printed, so that a sum of binary fractions would show.
            let cents = bought * 3297;
            let expected = f64::from(cents) / 100.0;
            assert_eq!(
                line,
                Some(format!("shop_order_value_total {expected}").as_str())
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_shown_of_products_that_an_order_has_named_and_moves_with_it() {
    let mut shop = Shop::start();
    let stock = async |shop: &Shop| -> BTreeMap<String, f64> {
        let scrape = Scrape::of(&shop.http("inventory-service")).await;
        let samples = scrape
            .samples()
            .filter(|(name, _, _)| name == "shop_stock_units");
        samples
            .map(|(_, labels, units)| (labels["product_id"].clone(), *units))
            .collect()
    };
    let shown = |pairs: &[(&str, f64)]| -> BTreeMap<String, f64> {
        pairs
            .iter()
            .map(|(id, units)| ((*id).to_owned(), *units))
            .collect()
    };
    let seed = [("product1", 100.0), ("product2", 50.0), ("product3", 75.0)];
    assert_eq!(stock(&shop).await, shown(&seed));

    shop.buy("product2", 4).await;
    shop.set_stock("product3", 9).await;
    let moved = [("product1", 100.0), ("product2", 46.0), ("product3", 9.0)];
    assert_eq!(stock(&shop).await, shown(&moved));

    // A shelf of the client's own naming, with and without a wish for it: no series.
    shop.set_stock("chosen-by-a-client", 5).await;
    assert_eq!(shop.buy("chosen-by-a-client", 1).await.status, 404);
    assert_eq!(
        shop.gateway()
            .get("/api/inventory/chosen-by-a-client")
            .await
            .status,
        200
    );
    assert_eq!(stock(&shop).await, shown(&moved));

    // A product of the shop: its id is the shop's own, and an order makes it a series.
    let product = shop
        .gateway()
        .post("/api/products", &json!({ "name": "New", "price": 2.5 }))
        .await;
    let product = product.json()["id"].as_str().expect("an id").to_owned();
    shop.set_stock(&product, 7).await;
    assert_eq!(stock(&shop).await, shown(&moved));
    assert_eq!(shop.buy(&product, 2).await.status, 201);
    let sold = [&moved[..], &[(product.as_str(), 5.0)]].concat();
    assert_eq!(stock(&shop).await, shown(&sold));

    shop.kill("inventory-service");
    shop.start_service("inventory-service");
    assert_eq!(stock(&shop).await, shown(&sold), "after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_could_not_be_committed_is_not_shown() {
    let mut shop = Shop::start();
    let process = file_size::start_limitable(&mut shop, "inventory-service").await;
    let http = shop.http("inventory-service");
    let shown = async || {
        let labels = [("product_id", "product1")];
        Scrape::of(&http).await.value("shop_stock_units", &labels)
    };
    let reserve = async |order: &str| {
        let new = json!({ "orderId": order, "productId": "product1", "quantity": 3 });
        http.post("/inventory/reservations", &new).await
    };
    assert_eq!(reserve("a").await.status, 201);
    assert_eq!(shown().await, Some(97.0));

    // Nothing can be appended to the log of the store any more.
    file_size::limit(&process, Some(0));
    let level = json!({ "quantity": 5 });
    http.put("/inventory/product1", &level).await.problem(502);
    assert_eq!(shown().await, Some(97.0));
    reserve("b").await.problem(502);
    assert_eq!(shown().await, Some(97.0));
    let released = http
        .send(http::Method::DELETE, "/inventory/reservations/a", &[], "")
        .await;
    released.problem(502);
    assert_eq!(shown().await, Some(97.0));

    file_size::limit(&process, None);
    let answer = http.put("/inventory/product1", &level).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shown().await, Some(5.0));
}
