//! One order, one trace: every hop, its parents, its names and attributes, its log events.

use harness::{Receiver, ReceiverMode, Shop, ShopOptions, SpanRecord, eventually};
use serde_json::json;

/// The spans of an order that starts at the frontend server, each under its parent: service,
/// kind (2 server, 3 client, 1 internal), name.
const TREE: &[(usize, &str, i32, &str)] = &[
    (0, "frontend", 2, "POST /api/orders"),
    (1, "frontend", 3, "POST /api/orders"),
    (2, "gateway-service", 2, "POST /api/orders"),
    (3, "gateway-service", 3, "POST /orders"),
    (4, "order-service", 2, "POST /orders"),
    (5, "order-service", 1, "create_order"),
    (6, "order-service", 1, "get_product_details"),
    (7, "order-service", 3, "GET /products/{id}"),
    (8, "product-service", 2, "GET /products/{id}"),
    (9, "product-service", 3, "SELECT products"),
    (6, "order-service", 1, "check_inventory"),
    (7, "order-service", 3, "POST /inventory/check"),
    (8, "inventory-service", 2, "POST /inventory/check"),
    (9, "inventory-service", 3, "SELECT stock"),
    (6, "order-service", 3, "INSERT orders"),
    (7, "order-service", 3, "COMMIT orders.db"),
    (6, "order-service", 1, "update_inventory"),
    (7, "order-service", 3, "POST /inventory/reservations"),
    (8, "inventory-service", 2, "POST /inventory/reservations"),
    (9, "inventory-service", 3, "INSERT reservations"),
    (10, "inventory-service", 3, "COMMIT inventory.db"),
    (6, "order-service", 3, "UPDATE orders"),
    (7, "order-service", 3, "COMMIT orders.db"),
];

/// A write has this span only when another was just being committed, such as a probe's.
const WAIT: &str = "wait for the writer";

async fn whole_trace(receiver: &Receiver, id: &str) -> Vec<SpanRecord> {
    eventually("the trace has all its spans", async || {
        let mut spans = receiver.trace(id);
        spans.retain(|record| record.span.name != WAIT);
        if spans.len() == TREE.len() {
            return Ok(spans);
        }
        Err(spans
            .iter()
            .map(|s| format!("{} {}", s.service, s.span.name))
            .collect::<Vec<_>>())
    })
    .await
}

fn tree(spans: &[SpanRecord]) -> Vec<(usize, String, i32, String)> {
    fn walk(
        spans: &[SpanRecord],
        parent: &str,
        depth: usize,
        lines: &mut Vec<(usize, String, i32, String)>,
    ) {
        let mut children: Vec<_> = spans.iter().filter(|s| s.parent_id() == parent).collect();
        children.sort_by_key(|s| s.span.start_time_unix_nano);
        for child in children {
            let (service, name) = (child.service.clone(), child.span.name.clone());
            lines.push((depth, service, child.span.kind, name));
            walk(spans, &child.span_id(), depth + 1, lines);
        }
    }
    let mut lines = Vec::new();
    walk(spans, "", 0, &mut lines);
    lines
}

fn expected() -> Vec<(usize, String, i32, String)> {
    TREE.iter()
        .map(|(depth, service, kind, name)| (*depth, (*service).into(), *kind, (*name).into()))
        .collect()
}

async fn an_order_is_one_trace(receiver: Receiver, protocol: &str) {
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        environment: vec![("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.into())],
        ..ShopOptions::default()
    });
    let wish = json!({ "productId": "product1", "quantity": 3 });
    let answer = shop.frontend().post("/api/orders", &wish).await;
    assert_eq!(answer.status, 201);
    let order = answer.json();
    let spans = whole_trace(&receiver, &answer.trace_id()).await;
    assert_eq!(tree(&spans), expected());

    let span = |name: &str, kind: i32| {
        let mut found = spans
            .iter()
            .filter(|s| s.span.name == name && s.span.kind == kind);
        found.next().unwrap_or_else(|| panic!("no span {name}"))
    };
    let create = span("create_order", 1);
    assert_eq!(
        create.attribute("order.id").as_deref(),
        order["id"].as_str()
    );
    assert_eq!(create.attribute("product.id").as_deref(), Some("product1"));
    assert_eq!(create.attribute("order.quantity").as_deref(), Some("3"));
    assert_eq!(
        span("get_product_details", 1)
            .attribute("product.price")
            .as_deref(),
        Some("10.99")
    );
    let server = span("POST /api/orders", 2);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("url.path", "/api/orders"),
        ("url.scheme", "http"),
        ("http.route", "/api/orders"),
        ("http.response.status_code", "201"),
    ] {
        assert_eq!(server.attribute(name).as_deref(), Some(value), "{name}");
    }
    let client = span("POST /inventory/reservations", 3);
    for name in [
        "http.request.method",
        "server.address",
        "server.port",
        "url.full",
    ] {
        assert!(client.attribute(name).is_some(), "{name}");
    }
    assert_store(&spans);
    for record in &spans {
        let status = record.span.status.as_ref().map_or(0, |status| status.code);
        assert_eq!(status, 0, "{} must not be an error", record.span.name);
        assert_eq!(
            record.resource["service.version"],
            env!("CARGO_PKG_VERSION")
        );
    }

    let log = eventually("every hop has its access line", async || {
        let log = shop.log_of_trace(&answer.trace_id());
        let lines = log
            .iter()
            .filter(|line| line["duration_ms"].is_number())
            .count();
        if lines == 6 { Ok(log) } else { Err(log) }
    })
    .await;
    for line in &log {
        assert_eq!(
            line["request_id"],
            answer.header("x-request-id").expect("an id")
        );
        let span_id = line["span_id"].as_str().expect("a span");
        assert!(
            spans.iter().any(|s| s.span_id() == span_id),
            "no such span: {line}"
        );
    }
    let created = log
        .iter()
        .find(|line| line["target"] == "order_service::flow");
    assert_eq!(
        created.expect("the order's own event")["order_id"],
        order["id"]
    );
}

/// The client spans of the stores, by OpenTelemetry's conventions for databases.
fn assert_store(spans: &[SpanRecord]) {
    for (name, file) in [
        ("SELECT products", "products.db"),
        ("SELECT stock", "inventory.db"),
        ("INSERT reservations", "inventory.db"),
        ("COMMIT inventory.db", "inventory.db"),
        ("INSERT orders", "orders.db"),
        ("UPDATE orders", "orders.db"),
        ("COMMIT orders.db", "orders.db"),
    ] {
        let (operation, target) = name.split_once(' ').expect("two words");
        let table = (operation != "COMMIT").then_some(target);
        let found = spans.iter().filter(|record| record.span.name == name);
        assert!(found.clone().count() > 0, "no span {name}");
        for record in found {
            for (attribute, value) in [
                ("db.system.name", Some("sqlite")),
                ("db.namespace", Some(file)),
                ("db.operation.name", Some(operation)),
                ("db.collection.name", table),
                ("error.type", None),
            ] {
                assert_eq!(
                    record.attribute(attribute).as_deref(),
                    value,
                    "{attribute} of {name}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_at_the_frontend_is_one_trace_over_http() {
    an_order_is_one_trace(Receiver::http(ReceiverMode::Good).await, "http/protobuf").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_at_the_frontend_is_one_trace_over_grpc() {
    an_order_is_one_trace(Receiver::grpc().await, "grpc").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_trace_request_id_and_baggage_go_on_to_the_last_hop() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let traceparent = format!("00-{trace}-{parent}-01");
    let headers = [
        ("traceparent", traceparent.as_str()),
        ("tracestate", "vendor=value"),
        ("baggage", "user=alice"),
        ("x-request-id", "my-request.1"),
    ];
    let wish = json!({ "productId": "product2", "quantity": 1 });
    let answer = shop
        .frontend()
        .post_with("/api/orders", &headers, &wish)
        .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.trace_id(), trace);
    assert_eq!(answer.header("x-request-id"), Some("my-request.1"));
    let spans = whole_trace(&receiver, trace).await;
    let root = spans
        .iter()
        .find(|s| s.parent_id() == parent)
        .expect("a span under the caller's");
    assert_eq!(root.service, "frontend");
    for record in &spans {
        assert_eq!(
            record.span.trace_state, "vendor=value",
            "{}",
            record.span.name
        );
    }
    let log = eventually("every service has logged the request", async || {
        let log = shop.log_of_trace(trace);
        if log.len() >= 8 {
            Ok(log)
        } else {
            Err(log.len())
        }
    })
    .await;
    assert!(
        log.iter().all(|line| line["request_id"] == "my-request.1"),
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsampled_caller_is_not_exported_and_keeps_its_ids() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let unsampled = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{unsampled}-b7ad6b7169203331-00");
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let headers = [("traceparent", traceparent.as_str())];
    let answer = shop
        .frontend()
        .post_with("/api/orders", &headers, &wish)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.trace_id().as_str()),
        (201, unsampled)
    );
    assert!(
        answer
            .header("traceresponse")
            .expect("ids")
            .ends_with("-00")
    );
    // A sampled one behind it shows that everything before has been sent.
    let sampled = shop.frontend().post("/api/orders", &wish).await;
    whole_trace(&receiver, &sampled.trace_id()).await;
    assert!(receiver.trace(unsampled).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_tells_the_query_and_the_word_that_stood_for_a_method() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let brew = http::Method::from_bytes(b"BREW").expect("a method");
    for (method, name, expected) in [
        (brew, "http.request.method_original", "BREW"),
        (http::Method::GET, "url.query", "limit=3"),
    ] {
        let answer = shop
            .gateway()
            .send(method, "/api/orders?limit=3", &[], "")
            .await;
        let spans = eventually("the server span has come", async || {
            let spans = receiver.trace(&answer.trace_id());
            let servers: Vec<_> = spans
                .into_iter()
                .filter(|record| record.service == "gateway-service" && record.span.kind == 2)
                .collect();
            if servers.is_empty() {
                Err("none yet")
            } else {
                Ok(servers)
            }
        })
        .await;
        assert_eq!(spans[0].attribute(name).as_deref(), Some(expected));
    }
}
