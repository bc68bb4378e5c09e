//! The events that a service writes: their shape, their levels, one access line for each request.

use std::time::Duration;

use harness::log_line::is_rfc3339;
use harness::{Http, LogLine, Manager, Process, Shop, eventually, serve};
use http::Method;
use serde_json::{Value, json};

/// What every event has.
const ALWAYS: [&str; 5] = ["timestamp", "level", "service", "target", "message"];
/// What an event has beside that in the context of a request.
const OF_A_REQUEST: [&str; 3] = ["trace_id", "span_id", "request_id"];
/// What an access line has beside that.
const OF_AN_ACCESS: [&str; 4] = ["method", "uri", "status", "duration_ms"];

const LEVELS: [&str; 4] = ["DEBUG", "INFO", "WARN", "ERROR"];

fn is_access(line: &LogLine) -> bool {
    line["duration_ms"].is_number()
}

/// Waits until the log has a line like this; that line.
async fn line_of(process: &mut Process, what: &str, wanted: impl Fn(&LogLine) -> bool) -> LogLine {
    eventually(what, async || {
        let log = process.log();
        log.iter().find(|line| wanted(line)).cloned().ok_or(log)
    })
    .await
}

fn says(line: &LogLine, words: &str) -> bool {
    line["message"]
        .as_str()
        .is_some_and(|message| message.contains(words))
}

fn is_snake_case(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_hex(value: &Value, length: usize) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_one_json_object_with_the_fields_of_the_contract() {
    let mut shop = Shop::start();
    let id = ("x-request-id", "the-order");
    let wish = json!({ "productId": "product1", "quantity": 2 });
    let order = shop.frontend().post_with("/api/orders", &[id], &wish).await;
    assert_eq!(order.status, 201);
    shop.buy("product1", 9000).await.problem(409);
    shop.gateway().get("/no/such/path").await;
    for service in shop.services() {
        let name = service.name().to_owned();
        line_of(service, "the order has been logged", |line| {
            line["request_id"] == "the-order" && is_access(line)
        })
        .await;
        assert!(service.terminate(Duration::from_secs(20)).success());
        let log = service.log();
        assert!(log.len() >= 4, "{log:?}");
        for line in &log {
            let fields = line.as_object().expect("an object");
            for field in ALWAYS {
                assert!(
                    fields[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{field}: {line}"
                );
            }
            assert!(
                is_rfc3339(line["timestamp"].as_str().expect("a text")),
                "{line}"
            );
            assert!(LEVELS.iter().any(|level| line["level"] == *level), "{line}");
            assert_eq!(line["service"], name.as_str());
            assert!(fields.keys().all(|field| is_snake_case(field)), "{line}");
            let of_a_request = OF_A_REQUEST
                .iter()
                .filter(|field| fields.contains_key(**field))
                .count();
            assert!([0, 3].contains(&of_a_request), "{line}");
            if of_a_request == 3 {
                assert!(
                    is_hex(&line["trace_id"], 32) && is_hex(&line["span_id"], 16),
                    "{line}"
                );
            }
            if is_access(line) {
                assert!(
                    OF_AN_ACCESS.iter().all(|field| fields.contains_key(*field)),
                    "{line}"
                );
                assert_eq!(of_a_request, 3, "{line}");
            }
        }
    }
}

/// A request through the gateway: method, path, body; the route and the status in its line; the
/// services that it passes besides.
type Passing = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static [&'static str],
);

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_one_access_line_at_each_service_that_it_passes() {
    let mut shop = Shop::start();
    let table: &[Passing] = &[
        (
            "GET",
            "/api/products?x=y",
            "",
            "/api/products",
            200,
            &["product-service"],
        ),
        (
            "GET",
            "/api/products/none",
            "",
            "/api/products/{id}",
            404,
            &["product-service"],
        ),
        (
            "POST",
            "/api/products",
            r#"{"name":"A","price":1}"#,
            "/api/products",
            201,
            &["product-service"],
        ),
        (
            "POST",
            "/api/orders",
            "{",
            "/api/orders",
            400,
            &["order-service"],
        ),
        ("DELETE", "/api/orders", "", "/api/orders", 405, &[]),
        ("BREW", "/coffee", "", "NOT_FOUND", 404, &[]),
        (
            "POST",
            "/api/orders",
            r#"{"productId":"product2","quantity":1}"#,
            "/api/orders",
            201,
            &[
                "order-service",
                "product-service",
                "inventory-service",
                "inventory-service",
            ],
        ),
    ];
    for (index, (method, path, body, ..)) in table.iter().enumerate() {
        let headers = [
            ("content-type", "application/json"),
            ("x-request-id", &format!("request-{index}")),
        ];
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        shop.gateway().send(method, path, &headers, *body).await;
    }
    for service in shop.services() {
        assert!(service.terminate(Duration::from_secs(20)).success());
    }
    for (index, (method, _, _, route, status, others)) in table.iter().enumerate() {
        let id = format!("request-{index}");
        let mut passed = Vec::new();
        for service in shop.services() {
            let log = service.log();
            for line in log
                .iter()
                .filter(|line| line["request_id"] == id.as_str() && is_access(line))
            {
                passed.push(service.name().to_owned());
                if service.name() == "gateway-service" {
                    let method = if *method == "BREW" { "_OTHER" } else { *method };
                    assert_eq!(line["method"], method, "{line}");
                    assert_eq!(line["uri"], *route, "{line}");
                    assert_eq!(line["status"], *status, "{line}");
                    assert!(
                        line["duration_ms"].as_f64().is_some_and(|time| time > 0.0),
                        "{line}"
                    );
                    assert_eq!(line["level"], "INFO", "{line}");
                }
            }
        }
        let mut expected: Vec<&str> = [&["gateway-service"], *others].concat();
        expected.sort_unstable();
        passed.sort_unstable();
        assert_eq!(passed, expected, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn short_stock_is_a_warning_and_the_normal_flow_is_information() {
    let mut shop = Shop::start();
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    assert_eq!(shop.gateway().get("/api/products/none").await.status, 404);
    let short = shop.buy("product2", 51).await;
    assert_eq!(short.problem(409)["currentStock"], 50);
    let trace = short.trace_id();
    for service in shop.services() {
        assert!(service.terminate(Duration::from_secs(20)).success());
        for line in service.log() {
            let warning = line["trace_id"] == trace.as_str() && says(&line, "51 of product2");
            let level = if warning { "WARN" } else { "INFO" };
            assert_eq!(line["level"], level, "{line}");
        }
    }
    let warning = line_of(shop.service("order-service"), "a warning", |line| {
        line["level"] == "WARN"
    })
    .await;
    assert_eq!(warning["product_id"], "product2");
    assert_eq!(
        (&warning["quantity"], &warning["stock"]),
        (&json!(51), &json!(50))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_peer_is_an_error_with_its_cause_and_an_open_circuit_a_warning() {
    let mut shop = Shop::start();
    let inventory = shop.http("inventory-service").address();
    shop.kill("inventory-service");
    let failed = shop.buy("product1", 1).await;
    let shown = failed.problem(503).to_string();
    assert!(
        !shown.contains(&inventory.to_string()) && !shown.contains("127.0.0.1"),
        "{shown}"
    );
    let trace = failed.trace_id();
    let order = shop.service("order-service");
    let access = line_of(order, "the access line", |line| {
        line["trace_id"] == trace.as_str() && is_access(line)
    })
    .await;
    assert_eq!(
        (&access["level"], &access["status"]),
        (&json!("ERROR"), &json!(503))
    );
    let cause = access["cause"].as_str().expect("a cause");
    assert!(
        cause.contains("inventory"),
        "the cause names the peer: {cause}"
    );
    for _ in 0..5 {
        assert_eq!(shop.buy("product1", 1).await.status, 503);
    }
    let open = |line: &LogLine| says(line, "circuit is open");
    let warning = line_of(shop.service("order-service"), "the open circuit", open).await;
    assert_eq!(
        (&warning["level"], &warning["peer"]),
        (&json!("WARN"), &json!("inventory-service"))
    );

    shop.start_service("inventory-service");
    eventually("the circuit closes", async || {
        let status = shop.buy("product1", 1).await.status;
        (status == 201).then_some(()).ok_or(status)
    })
    .await;
    let closed = |line: &LogLine| says(line, "circuit is closed");
    line_of(shop.service("order-service"), "the closed circuit", closed).await;
    let log = shop.service("order-service").log();
    let circuit: Vec<_> = log
        .iter()
        .filter(|line| says(line, "circuit is"))
        .map(|line| &line["level"])
        .collect();
    assert_eq!(
        circuit,
        ["WARN", "INFO"],
        "one line when it opens and one when it closes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_a_warning_with_its_cause_and_the_order() {
    let mut shop = Shop::start();
    // An inventory that answers the check and dies of each reservation.
    let router = axum::Router::new()
        .route(
            "/inventory/check",
            axum::routing::post(async || {
                axum::Json(json!({ "productId": "product1", "requested": 1, "available": true, "currentStock": 9 }))
            }),
        )
        .route("/inventory/reservations", axum::routing::post(async || http::StatusCode::SERVICE_UNAVAILABLE));
    let inventory = format!("http://{}", serve(router).await);
    let mut environment = shop.environment("order-service");
    environment.push(("INVENTORY_SERVICE_URL", inventory.into()));
    environment.push(("PORT", "0".into()));
    environment.push(("STATE_DIRECTORY", shop.folder().join("another").into()));
    let mut order = Process::start("order-service", &environment);
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let answer = Http::new(order.address()).post("/orders", &wish).await;
    assert_eq!(answer.status, 202);
    let id = &answer.json()["id"];
    line_of(&mut order, "the order stays pending", |line| {
        says(line, "stays pending") && line["order_id"] == *id
    })
    .await;
    let log = order.log();
    let retries: Vec<_> = log
        .iter()
        .filter(|line| says(line, "is tried again"))
        .collect();
    assert_eq!(retries.len(), 4, "{log:?}");
    for retry in retries {
        assert_eq!((&retry["level"], &retry["order_id"]), (&json!("WARN"), id));
        assert_eq!(retry["trace_id"], answer.trace_id());
        assert!(
            retry["cause"]
                .as_str()
                .is_some_and(|cause| cause.contains("503")),
            "{retry}"
        );
    }
    shop.kill("product-service");
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_silent_until_debug_is_asked_for() {
    for (filter, lines) in [("info", 0), ("debug", 3), ("warn,server=debug", 3)] {
        let manager = Manager::new();
        let mut process = manager.spawn("product-service", &[("RUST_LOG", filter)]);
        let http = Http::new(manager.ready());
        for path in ["/health", "/metrics", "/actuator/prometheus"] {
            assert_eq!(http.get(path).await.status, 200);
        }
        assert!(process.terminate(Duration::from_secs(20)).success());
        let probes: Vec<_> = process.log().into_iter().filter(is_access).collect();
        assert_eq!(probes.len(), lines, "RUST_LOG={filter}: {probes:?}");
        assert!(
            probes.iter().all(|line| line["level"] == "DEBUG"),
            "{probes:?}"
        );
    }
}
