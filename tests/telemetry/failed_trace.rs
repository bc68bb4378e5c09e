//! An order that fails, as its trace tells it: where it failed, how far that went, and why.

use std::collections::BTreeMap;

use harness::stand_in::{Behaviour, StandIn};
use harness::{
    Http, Process, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, SpanRecord, eventually,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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
        ("frontend", CLIENT, "POST /api/orders"),
        ("gateway-service", CLIENT, "POST /orders"),
        ("order-service", 1, "create_order"),
    ];
    assert_eq!(names, expected);
    let why = failed[&expected[2]];
    assert!(why.to_lowercase().contains("insufficient"), "{why}");
    let found = exception(&spans, "create_order", 1).expect("an exception event");
    assert_eq!(found["exception.message"], why);
    assert!(!found["exception.type"].is_empty());
    for name in ["POST /api/orders", "POST /orders"] {
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
        ("frontend", SERVER, "POST /api/orders"),
        ("frontend", CLIENT, "POST /api/orders"),
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

/// A product service that begins each answer with this status, and breaks off in its body.
async fn breaking(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("the gateway");
            let mut read = Vec::new();
            while !read.ends_with(b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut read).await.expect("a head"), 0);
            }
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: 20\r\n\r\n[1,2");
            stream.write_all(head.as_bytes()).await.expect("sent");
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_fails_its_client_span_for_that_and_counts_once() {
    for status in ["200 OK", "500 Internal Server Error"] {
        let receiver = Receiver::http(ReceiverMode::Good).await;
        let environment = [
            ("PRODUCT_SERVICE_URL", breaking(status).await.into()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint().into()),
            ("OTEL_BSP_SCHEDULE_DELAY", "20".into()),
        ];
        let gateway = Process::start("gateway-service", &environment);
        let http = Http::new(gateway.address());
        let answer = http.get("/api/products").await;
        assert_eq!(answer.status.as_str(), &status[..3]);
        let trace = answer.trace_id();
        let client = eventually("the client span", async || {
            let mut spans = receiver.trace(&trace).into_iter();
            spans.find(|record| record.span.kind == CLIENT).ok_or(())
        })
        .await;
        let code = client.attribute("http.response.status_code");
        assert_eq!(code.as_deref(), Some(&status[..3]));
        let kinds = client.span.attributes.iter();
        let kinds = kinds.filter(|attribute| attribute.key == "error.type");
        assert_eq!(kinds.count(), 1, "{client:?}");
        assert_eq!(
            client.attribute("error.type").as_deref(),
            Some("broken_off")
        );
        let failure = client.span.status.as_ref().expect("a status");
        assert!(
            failure.code == 2 && failure.message.contains("product-service"),
            "{failure:?}"
        );
        assert_eq!(client.span.events.len(), 1, "{:?}", client.span.events);
        let scrape = Scrape::of(&http).await;
        let counted: Vec<_> = scrape
            .samples()
            .filter(|(name, _, _)| *name == "http_client_requests_seconds_count")
            .map(|(_, labels, count)| (labels["status"].clone(), labels["outcome"].clone(), *count))
            .collect();
        let once = ("IO_ERROR".to_owned(), "UNKNOWN".to_owned(), 1.0);
        assert_eq!(counted, [once]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_again_says_for_which_time_and_each_what_it_was() {
    const RESERVATIONS: &str = "/inventory/reservations";
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let inventory = StandIn::start().await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        environment: vec![("INVENTORY_SERVICE_URL", inventory.url())],
        without_frontend: true,
        ..ShopOptions::default()
    });
    inventory.stand_before(shop.http("inventory-service").address());
    inventory.set(RESERVATIONS, Behaviour::Break);
    let gateway = shop.gateway();
    let buying = tokio::spawn(async move {
        let order = json!({ "productId": "product1", "quantity": 1 });
        gateway.post("/api/orders", &order).await
    });
    eventually("it was sent again", async || {
        let arrived = inventory.arrived(RESERVATIONS);
        if arrived >= 2 { Ok(()) } else { Err(arrived) }
    })
    .await;
    inventory.set(RESERVATIONS, Behaviour::Pass);
    let answer = buying.await.expect("no panic");
    assert_eq!(answer.status, 201, "{answer:?}");
    let arrived = inventory.arrived(RESERVATIONS);
    let sent = eventually("a client span of each time", async || {
        let mut spans = receiver.trace(&answer.trace_id());
        spans.retain(|record| {
            let name = format!("POST {RESERVATIONS}");
            record.span.kind == CLIENT && record.span.name == name
        });
        spans.sort_by_key(|record| record.span.start_time_unix_nano);
        if spans.len() == arrived {
            Ok(spans)
        } else {
            Err(spans.len())
        }
    })
    .await;
    for (nth, record) in sent.iter().enumerate() {
        let resent = (nth > 0).then(|| nth.to_string());
        assert_eq!(record.attribute("http.request.resend_count"), resent);
        let url = format!("{}{RESERVATIONS}", inventory.url());
        let port = inventory
            .url()
            .rsplit(':')
            .next()
            .expect("a port")
            .to_owned();
        for (name, value) in [
            ("http.request.method", "POST"),
            ("server.address", "127.0.0.1"),
            ("server.port", port.as_str()),
            ("url.full", url.as_str()),
            ("url.template", RESERVATIONS),
        ] {
            assert_eq!(record.attribute(name).as_deref(), Some(value), "{name}");
        }
    }
    let (last, broken) = sent.split_last().expect("spans");
    for (name, value) in [
        ("network.protocol.version", "1.1"),
        ("http.response.status_code", "201"),
    ] {
        assert_eq!(last.attribute(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(last.attribute("error.type"), None);
    for record in broken {
        assert_eq!(
            record.attribute("error.type").as_deref(),
            Some("broken_off")
        );
        assert_eq!(record.attribute("http.response.status_code"), None);
    }
}
