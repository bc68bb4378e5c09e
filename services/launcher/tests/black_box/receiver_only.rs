//! `--receiver-only`: a receiver of spans and nothing else.

use harness::{Http, ShopOptions, eventually};
use rustix::process::Signal;
use serde_json::json;

use crate::opened::{Launcher, PORTS, free_offset};

async fn receiver() -> (Launcher, Http) {
    let launcher = Launcher::start(free_offset(), &["--receiver-only"], &[]);
    let http = launcher.http(4318);
    launcher.says(&http.address().to_string()).await;
    eventually("an answer", async || {
        http.try_send(http::Method::GET, "/", &[], "").await
    })
    .await;
    (launcher, http)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_receives_spans_and_serves_traces_and_does_nothing_else() {
    let (launcher, receiver) = receiver().await;
    let url = format!("http://{}", receiver.address());
    let shop = harness::Shop::with(ShopOptions {
        otlp: Some(url.clone()),
        traces_url: Some(url),
        ..ShopOptions::default()
    });
    let order = json!({ "productId": "product1", "quantity": 1 });
    let id = shop.frontend().post("/api/orders", &order).await.trace_id();
    for (http, path) in [
        (receiver.clone(), format!("/api/v3/traces/{id}")),
        (shop.frontend(), format!("/traces/{id}")),
    ] {
        eventually("spans of all five services", async || {
            let answer = http.get(&path).await;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let all = PORTS[..5].iter().all(|(name, _)| text.contains(name));
            all.then_some(()).ok_or(text)
        })
        .await;
    }
    let unknown = format!("/api/v3/traces/{}", "7".repeat(32));
    assert_eq!(receiver.get(&unknown).await.status, 404);
    assert_eq!(launcher.children(), []);
    for (name, port) in &PORTS[..5] {
        let port = ("127.0.0.1", port + launcher.offset);
        assert!(std::net::TcpStream::connect(port).is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_accepts_json_and_refuses_what_is_no_export() {
    let (_launcher, receiver) = receiver().await;
    let id = "0102030405060708090a0b0c0d0e0f10";
    let span = json!({ "traceId": id, "spanId": "0102030405060708", "name": "click" });
    let export = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
    assert_eq!(receiver.post("/v1/traces", &export).await.status, 200);
    let trace = receiver.get(&format!("/api/v3/traces/{id}")).await.json();
    let kept = &trace["result"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&kept["traceId"], &kept["name"]),
        (&json!(id), &json!("click"))
    );
    for (content_type, body, status) in [
        ("application/json", "{", 400),
        ("application/x-protobuf", "not protobuf", 400),
        ("text/plain", "", 415),
    ] {
        let headers = [("content-type", content_type)];
        let answer = receiver
            .send(http::Method::POST, "/v1/traces", &headers, body)
            .await;
        assert_eq!(answer.status, status, "{content_type}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_end_it_with_0() {
    for signal in [Signal::INT, Signal::TERM] {
        let (mut launcher, _) = receiver().await;
        launcher.process.signal(signal);
        assert_eq!(launcher.end().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn a_taken_port_is_named_and_the_other_ports_do_not_matter() {
    let offset = free_offset();
    let _others = std::net::TcpListener::bind(("127.0.0.1", 8080 + offset)).unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", 4318 + offset)).unwrap();
    let mut launcher = Launcher::start(offset, &["--receiver-only"], &[]);
    assert_eq!(launcher.end().code(), Some(69));
    let errors = launcher.process.errors();
    assert!(
        errors.contains(&format!("port {}", 4318 + offset)),
        "{errors}"
    );
}
