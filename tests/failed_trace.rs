//! An order that fails, as its trace tells it: where it failed, how far that went, and why.

use std::collections::BTreeMap;

use harness::{Receiver, ReceiverMode, Shop, ShopOptions, SpanRecord, eventually};
use serde_json::json;

const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// The spans of an order of `quantity`, which is answered with `status`, as soon as `count` of
/// them have come.
async fn spans_of_an_order(
    shop: &Shop,
    receiver: &Receiver,
    (quantity, status, count): (u32, u16, usize),
) -> Vec<SpanRecord> {
    let wish = json!({ "productId": "product1", "quantity": quantity });
    let answer = shop.frontend().post("/api/orders", &wish).await;
    answer.problem(status);
    let id = answer.trace_id();
    eventually("the trace has all its spans", async || {
        let spans = receiver.trace(&id);
        let names: Vec<_> = spans.iter().map(|span| span.span.name.clone()).collect();
        if spans.len() == count {
            Ok(spans)
        } else {
            Err(names)
        }
    })
    .await
}

async fn shop() -> (Shop, Receiver) {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    (shop, receiver)
}

/// The failed spans: service, kind and name, with the message of each.
fn failed(spans: &[SpanRecord]) -> BTreeMap<(&str, i32, &str), &str> {
    let failed = spans.iter().filter_map(|record| {
        let status = record.span.status.as_ref()?;
        let name = (
            record.service.as_str(),
            record.span.kind,
            record.span.name.as_str(),
        );
        (status.code == 2).then_some((name, status.message.as_str()))
    });
    failed.collect()
}

fn exception(spans: &[SpanRecord], name: &str, kind: i32) -> Option<BTreeMap<String, String>> {
    let record = spans
        .iter()
        .find(|record| record.span.name == name && record.span.kind == kind)
        .unwrap_or_else(|| panic!("no span {name}"));
    let event = record
        .span
        .events
        .iter()
        .find(|event| event.name == "exception")?;
    Some(harness::receiver::attributes_as_text(&event.attributes))
}

#[tokio::test(flavor = "multi_thread")]
async fn short_stock_fails_the_order_and_no_server() {
    let (shop, receiver) = shop().await;
    // Up to the check, with a read of the store at products and inventory; nothing was stored.
    let spans = spans_of_an_order(&shop, &receiver, (101, 409, 14)).await;
    let failed = failed(&spans);
    let names: Vec<_> = failed.keys().copied().collect();
    // Who gets a 4xx has failed, who answers it has not (semantic conventions, "HTTP").
    let expected = [
        ("frontend", CLIENT, "POST /api/{*path}"),
        ("gateway-service", CLIENT, "POST /orders"),
        ("order-service", 1, "create_order"),
    ];
    assert_eq!(names, expected);
    let why = failed[&expected[2]];
    assert!(why.to_lowercase().contains("insufficient"), "{why}");
    let found = exception(&spans, "create_order", 1).expect("an exception event");
    assert_eq!(found["exception.message"], why);
    assert!(!found["exception.type"].is_empty());
    for name in ["POST /api/{*path}", "POST /orders"] {
        let found = exception(&spans, name, CLIENT).expect("an exception event");
        assert_eq!(found["exception.type"], "409", "{name}");
        assert_eq!(found["exception.message"], "409 Conflict", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_peer_fails_every_span_up_to_the_door_with_its_reason() {
    let (mut shop, receiver) = shop().await;
    shop.kill("inventory-service");
    let spans = spans_of_an_order(&shop, &receiver, (1, 503, 12)).await;
    let failed = failed(&spans);
    for name in [
        ("frontend", SERVER, "POST /api/{*path}"),
        ("frontend", CLIENT, "POST /api/{*path}"),
        ("gateway-service", SERVER, "POST /api/orders"),
        ("gateway-service", CLIENT, "POST /orders"),
        ("order-service", SERVER, "POST /orders"),
        ("order-service", 1, "create_order"),
        ("order-service", 1, "check_inventory"),
        ("order-service", CLIENT, "POST /inventory/check"),
    ] {
        assert!(failed.contains_key(&name), "{name:?}: {failed:#?}");
    }
    assert_eq!(
        failed.len(),
        8,
        "the look at the product went well: {failed:#?}"
    );
    for (name, kind) in [
        ("POST /inventory/check", CLIENT),
        ("check_inventory", 1),
        ("create_order", 1),
        ("POST /orders", SERVER),
    ] {
        let exception = exception(&spans, name, kind);
        let exception = exception.unwrap_or_else(|| panic!("no exception at {name}"));
        let message = exception["exception.message"].to_lowercase();
        assert!(
            message.contains("inventory"),
            "who did it, at {name}: {message}"
        );
    }
}
