//! A request says how long its sender waits (`X-Request-Deadline-Ms`): after that nobody works on it any
//! more, except on an order that is stored.

use std::fs;
use std::time::{Duration, Instant};

use harness::stand_in::{Behaviour, StandIn};
use harness::{
    Answer, Http, Process, Raw, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, SpanRecord,
    eventually,
};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

const HEADER: &str = "x-request-deadline-ms";
const PRODUCT: &str = "/products/product1";
const SERVER: i32 = 2;

/// Longer than any deadline of these tests, shorter than the harness waits.
const SLOW: u64 = 3_000;

/// A product service that takes its time over the products.
struct Stage {
    process: Process,
    http: Http,
    receiver: Receiver,
    _folder: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("faults.json");
        let slow = |route| json!({ "delay": { "route": route, "share": 1, "milliseconds": SLOW } });
        let faults = json!({ "one": slow("GET /products/{id}"), "add": slow("POST /products") });
        fs::write(&file, faults.to_string()).expect("written");
        let receiver = Receiver::http(ReceiverMode::Good).await;
        let process = Process::start(
            "product-service",
            &[
                ("STATE_DIRECTORY", folder.path().join("store").into()),
                ("FAULTS_FILE", file.into()),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint().into()),
                ("OTEL_BSP_SCHEDULE_DELAY", "20".into()),
            ],
        );
        Self {
            http: Http::new(process.address()),
            process,
            receiver,
            _folder: folder,
        }
    }

    async fn get_within(&self, path: &str, milliseconds: &str) -> Answer {
        let headers = [(HEADER, milliseconds)];
        self.http.send(Method::GET, path, &headers, "").await
    }

    async fn exceeded(&self) -> Option<f64> {
        let scrape = Scrape::of(&self.http).await;
        scrape.value("http_server_deadline_exceeded_total", &[])
    }

    async fn server_span(&self, answer: &Answer) -> SpanRecord {
        eventually("the server span has come", async || {
            let mut spans = self.receiver.trace(&answer.trace_id()).into_iter();
            spans.find(|record| record.span.kind == SERVER).ok_or(())
        })
        .await
    }
}

fn detail(answer: &Answer, status: u16) -> String {
    let problem = answer.problem(status);
    problem["detail"].as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_takes_longer_than_its_sender_waits_is_dropped_and_answered_504() {
    let stage = Stage::set().await;
    assert_eq!(stage.exceeded().await, Some(0.0));
    let begun = Instant::now();
    let answer = stage.get_within(PRODUCT, "200").await;
    assert!(begun.elapsed() < Duration::from_millis(SLOW), "{answer:?}");
    let detail = detail(&answer, 504);
    assert!(detail.contains("Nothing was changed"), "{detail}");
    assert_eq!(stage.exceeded().await, Some(1.0));
    let span = stage.server_span(&answer).await;
    let when = span.attribute("deadline.exceeded");
    assert_eq!(when.as_deref(), Some("running"));
    let line = eventually("the access line is there", async || {
        let mut log = stage.process.log().into_iter();
        log.find(|line| line["status"] == 504).ok_or(())
    })
    .await;
    assert_eq!(line["trace_id"], answer.trace_id().as_str());
    let cause = line["cause"].as_str().expect("a cause");
    assert!(cause.contains("deadline"), "{cause}");

    let headers = [(HEADER, "200"), ("content-type", "application/json")];
    let body = r#"{"name":"A","price":1}"#;
    let added = stage.http.send(Method::POST, "/products", &headers, body);
    let detail = self::detail(&added.await, 504);
    assert!(detail.contains("outcome is unknown"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_whose_time_is_over_does_not_begin() {
    let stage = Stage::set().await;
    let headers = [(HEADER, "0"), ("content-type", "application/json")];
    let body = r#"{"name":"A","price":1}"#;
    let answer = stage
        .http
        .send(Method::POST, "/products", &headers, body)
        .await;
    let detail = detail(&answer, 504);
    assert!(detail.contains("Nothing was done"), "{detail}");
    let span = stage.server_span(&answer).await;
    let when = span.attribute("deadline.exceeded");
    assert_eq!(when.as_deref(), Some("queued"));
    assert_eq!(stage.exceeded().await, Some(1.0));
    let products = stage.http.get("/products").await.json();
    assert_eq!(products.as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_what_is_no_number_have_no_deadline_and_a_long_one_changes_nothing() {
    let stage = Stage::set().await;
    for probe in ["/health", "/metrics", "/actuator/prometheus"] {
        assert_eq!(stage.get_within(probe, "0").await.status, 200, "{probe}");
    }
    for value in ["", "-1", "1.5", "soon", "99999999999999999999999", "60000"] {
        let answer = stage.get_within("/products", value).await;
        assert_eq!(answer.status, 200, "{value}: {answer:?}");
    }
    assert_eq!(stage.exceeded().await, Some(0.0));
}

/// A shop with this further environment.
fn shop(environment: Vec<(&'static str, String)>) -> Shop {
    Shop::with(ShopOptions {
        environment,
        without_frontend: true,
        ..ShopOptions::default()
    })
}

async fn order_within(shop: &Shop, milliseconds: &str) -> Answer {
    let orders = shop.http("order-service");
    let headers = [(HEADER, milliseconds), ("idempotency-key", "once")];
    let body = json!({ "productId": "product1", "quantity": 3 });
    orders.post_with("/orders", &headers, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_has_not_come_when_the_time_is_over_is_its_senders_doing() {
    let shop = Shop::start();
    let inventory = shop.http("inventory-service");
    let mut raw = Raw::connect(inventory.address()).await;
    let head = "PUT /inventory/product1 HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json";
    let begun = format!("{head}\r\n{HEADER}: 300\r\ncontent-length: 60\r\n\r\n{{\"quantity\":");
    raw.send(begun).await.expect("sent");
    raw.answer().await.expect("an answer").problem(408);
    let scrape = Scrape::of(&inventory).await;
    let exceeded = scrape.value("http_server_deadline_exceeded_total", &[]);
    assert_eq!(exceeded, Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_stored_when_its_time_is_over_is_settled_and_its_key_tells() {
    let inventory = StandIn::start().await;
    let shop = shop(vec![("INVENTORY_SERVICE_URL", inventory.url())]);
    inventory.stand_before(shop.http("inventory-service").address());
    inventory.set("/inventory/reservations", Behaviour::Hang);
    let answer = order_within(&shop, "700").await;
    let detail = detail(&answer, 504);
    assert!(detail.contains("same Idempotency-Key"), "{detail}");
    let orders = shop.orders().await;
    assert_eq!(orders[0]["status"], "PENDING", "{orders:?}");
    inventory.set("/inventory/reservations", Behaviour::Pass);
    eventually("it is settled", async || {
        let orders = shop.orders().await;
        if orders[0]["status"] == "CREATED" {
            Ok(())
        } else {
            Err(orders)
        }
    })
    .await;
    let again = order_within(&shop, "30000").await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.json()["id"], orders[0]["id"]);
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.stock("product1").await, 97);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_time_is_over_before_it_is_stored_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faults.json");
    let slow = json!({ "route": "GET /products/{id}", "share": 1, "milliseconds": SLOW });
    let faults = json!({ "slow": { "delay": slow } });
    fs::write(&file, faults.to_string()).expect("written");
    let shop = shop(vec![("FAULTS_FILE", file.display().to_string())]);
    // The product service is told when it is over, and gives up a moment before.
    order_within(&shop, "1500").await.problem(504);
    shop.has_failed_orders(1.0).await;
    assert_eq!(shop.orders().await, Vec::<Value>::new());
    assert_eq!(shop.stock("product1").await, 100);
    fs::write(&file, "{}").expect("written");
    eventually("it can be made", async || {
        let answer = order_within(&shop, "30000").await;
        (answer.status == 201).then_some(()).ok_or(answer)
    })
    .await;
    assert_eq!(shop.orders().await.len(), 1);
}
