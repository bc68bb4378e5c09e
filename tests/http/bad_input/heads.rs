//! Heads that are no HTTP, and those that only look like it.

use harness::unharmed::assert_unharmed;
use harness::{Raw, Shop};

use super::{addresses, ask, header_lines, writes};

/// Heads, and the statuses that may refuse them.
fn unsound() -> Vec<(String, &'static [u16])> {
    let long = "x".repeat(100_000);
    let many = header_lines(101);
    let very_many = header_lines(20_000);
    vec![
        (
            format!("GET /health HTTP/1.1\r\nhost: shop\r\nx-long: {long}\r\n\r\n"),
            &[431],
        ),
        (
            format!("GET /health HTTP/1.1\r\nhost: shop\r\nx-{long}: 1\r\n\r\n"),
            &[400, 431],
        ),
        (
            format!("GET /health HTTP/1.1\r\nhost: shop\r\n{many}\r\n"),
            &[431],
        ),
        (
            format!("GET /health HTTP/1.1\r\nhost: shop\r\n{very_many}\r\n"),
            &[431],
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nhost: shop\r\n\r\n"),
            &[414, 431],
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nhost: shop\r\n\r\n"),
            &[414, 431],
        ),
        (
            format!("GET /health?{long} HTTP/1.1\r\nhost: shop\r\n\r\n"),
            &[414, 431],
        ),
        (
            format!("{long} /health HTTP/1.1\r\nhost: shop\r\n\r\n"),
            &[400, 431],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\n folded: 1\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\nx-request-id: a\r\n b\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\nx-request-id: a\rb\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\nx-request-id: a\0b\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\nx y: 1\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\nx : 1\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\n: 1\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/1.1\r\nhost: shop\r\nno colon\r\n\r\n".into(),
            &[400],
        ),
        ("GET /health HTTP/1.1\r\nhöst: shop\r\n\r\n".into(), &[400]),
        // RFC 9112 section 3.2: exactly one Host.
        ("GET /health HTTP/1.1\r\n\r\n".into(), &[400]),
        (
            "GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".into(),
            &[400],
        ),
        (
            "GET /health HTTP/9.9\r\nhost: shop\r\n\r\n".into(),
            &[400, 505],
        ),
        (
            "GET /health HTTP/2.0\r\nhost: shop\r\n\r\n".into(),
            &[400, 505],
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), &[400, 505]),
        ("GET /health\r\n\r\n".into(), &[400]),
        ("GET  /health HTTP/1.1\r\nhost: shop\r\n\r\n".into(), &[400]),
        (
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".into(),
            &[400],
        ),
        ("\0\0\0\0\r\n\r\n".into(), &[400]),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n".into(), &[400]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_no_http_or_too_large_is_refused() {
    let mut shop = Shop::start();
    for (name, address) in addresses(&mut shop) {
        for (request, expected) in unsound() {
            let shown: String = request.chars().take(90).collect();
            // A head far over the limit may meet a closed line before its end; the preface of
            // HTTP/2 is no request.
            let Some(answer) = ask(address, &request).await else {
                let may_be_cut = request.len() > 32 * 1024 || request.starts_with("PRI");
                assert!(may_be_cut, "{name} {shown:?} was not answered");
                continue;
            };
            assert!(
                expected.contains(&answer.status.as_u16()),
                "{name} {shown:?}: {answer:?}"
            );
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_but_sound_is_answered() {
    let mut shop = Shop::start();
    let headers = header_lines(90);
    for (name, address) in addresses(&mut shop) {
        for request in [
            "GET /health HTTP/1.0\r\n\r\n".to_owned(),
            "GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n".to_owned(),
            "GET http://elsewhere.example/health HTTP/1.1\r\nhost: shop\r\n\r\n".to_owned(),
            "\r\n\r\nGET /health HTTP/1.1\r\nhost: shop\r\n\r\n".to_owned(),
            "GET /health?a=b&%ff=%zz HTTP/1.1\r\nhost: shop\r\n\r\n".to_owned(),
            "GET /health HTTP/1.1\r\nhost: shop\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n".to_owned(),
            "GET /health HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_owned(),
            format!("GET /health HTTP/1.1\r\nhost: shop\r\n{headers}\r\n"),
            format!("GET /health HTTP/1.1\r\nhost: shop\r\ncookie: {}\r\n\r\n", "c".repeat(16_000)),
            "GET /health HTTP/1.1\r\nhost: shop\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
        ] {
            let shown: String = request.chars().take(60).collect();
            let answer = ask(address, request).await.expect("an answer");
            assert_eq!(answer.status, 200, "{name} {shown:?}");
            assert_eq!(answer.body, r#"{"status":"UP"}"#);
        }
        // HTTP/1.0 ends with its answer.
        let mut raw = Raw::connect(address).await;
        raw.send("GET /health HTTP/1.0\r\n\r\n")
            .await
            .expect("sent");
        assert!(
            raw.answer()
                .await
                .is_some_and(|answer| answer.status == 200)
        );
        assert!(raw.rest().await.is_empty(), "{name}");
        // Three at once are answered one after the other.
        let mut raw = Raw::connect(address).await;
        raw.send("GET /health HTTP/1.1\r\nhost: shop\r\n\r\n".repeat(3))
            .await
            .expect("sent");
        for _ in 0..3 {
            assert!(
                raw.answer()
                    .await
                    .is_some_and(|answer| answer.status == 200),
                "{name}"
            );
        }
    }
    for write in writes(&shop) {
        shop.set_stock("product1", 1000).await;
        let body = r#"{"productId":"product1","orderId":"o","name":"n","price":2,"quantity":2}"#;
        let mut raw = Raw::connect(write.address).await;
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            write.method,
            write.target,
            body.len()
        );
        raw.send(head).await.expect("sent");
        assert!(
            raw.answer()
                .await
                .is_some_and(|answer| answer.status == 100),
            "{}",
            write.target
        );
        raw.send(body).await.expect("sent");
        let answer = raw.answer().await.expect("an answer");
        assert!(answer.status.is_success(), "{}: {answer:?}", write.target);
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_traces_from_outside_that_are_malformed_are_replaced() {
    let mut shop = Shop::start();
    let long = "a".repeat(9000);
    let headers = [
        "traceparent: x".to_owned(),
        "traceparent: 00-00000000000000000000000000000000-0000000000000000-01".to_owned(),
        "traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
        "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01".to_owned(),
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7".to_owned(),
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x".to_owned(),
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01".to_owned(),
        format!("traceparent: {long}"),
        format!("tracestate: {long}"),
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: =,=,é=1,a==b".to_owned(),
        format!("baggage: {long}={long}"),
        "baggage: =;=;,,,;%%%=%ff;é".to_owned(),
        format!("baggage: {}", "k=v,".repeat(2000)),
        format!("x-request-id: {long}"),
        "x-request-id: a\r\nx-request-id: b".to_owned(),
        "x-request-id: <img src=x>".to_owned(),
        "x-request-id: \u{1b}[31m".to_owned(),
        "idempotency-key: é".to_owned(),
        "accept: é\r\nuser-agent: \u{7f}".to_owned(),
        "if-none-match: *\r\nrange: bytes=0-0\r\nif-modified-since: x".to_owned(),
        "authorization: Basic ::::\r\ncookie: ;;=;".to_owned(),
        "forwarded: for=127.0.0.1\r\nx-forwarded-for: 1, 2\r\nx-forwarded-prefix: /evil\r\nx-original-url: /health\r\nx-http-method-override: DELETE".to_owned(),
    ];
    for (name, address) in addresses(&mut shop) {
        let target = match name.as_str() {
            "gateway-service" | "frontend" => "/api/products/product1",
            "product-service" => "/products/product1",
            "inventory-service" => "/inventory/product1",
            _ => "/orders",
        };
        for header in &headers {
            let request = format!("GET {target} HTTP/1.1\r\nhost: shop\r\n{header}\r\n\r\n");
            let answer = ask(address, request).await.expect("an answer");
            let shown: String = header.chars().take(80).collect();
            // An escape in a header is no HTTP at all (RFC 9110 section 5.5).
            if header.contains(['\u{1b}', '\u{7f}']) && answer.status == 400 {
                continue;
            }
            assert_eq!(answer.status, 200, "{name} {shown}: {answer:?}");
            let trace = answer.trace_id();
            assert!(
                trace.len() == 32
                    && trace
                        .bytes()
                        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                    && trace.bytes().any(|byte| byte != b'0'),
                "{trace}"
            );
            let id = answer.header("x-request-id").expect("an id");
            assert!(
                id.len() <= 128
                    && id
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
                "{id}"
            );
        }
    }
    assert_unharmed(shop, &[]).await;
}
