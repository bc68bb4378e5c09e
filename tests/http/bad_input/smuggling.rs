//! Requests that hide in the body of another (RFC 9112 section 11.2).

use harness::unharmed::assert_unharmed;
use harness::{Raw, Shop};

/// A body that is sound by one reading of its framing.
const PRODUCT: &str = r#"{"name":"n","price":1}"#;

/// Framings that two readers could understand in two ways, each with a body that ends, by one of
/// them, where `hidden` begins.
fn framings(hidden: &str) -> Vec<(&'static str, String)> {
    let length = hidden.len();
    let after_length = |length: &'static str| (length, format!("{PRODUCT}{hidden}"));
    let after_chunks =
        |framing: &'static str| (framing, format!("16\r\n{PRODUCT}\r\n0\r\n\r\n{hidden}"));
    let chunks = |body: String| ("transfer-encoding: chunked", body);
    vec![
        after_chunks("content-length: 5\r\ntransfer-encoding: chunked"),
        after_chunks("transfer-encoding: chunked\r\ncontent-length: 5"),
        after_chunks("content-length: 22\r\ntransfer-encoding: chunked"),
        after_chunks("content-length: 400\r\ntransfer-encoding: chunked"),
        after_chunks("transfer-encoding: chunked, identity"),
        after_chunks("transfer-encoding: identity"),
        after_chunks("transfer-encoding: xchunked"),
        after_chunks("transfer-encoding: chunked\r\ntransfer-encoding: x"),
        after_chunks("transfer-encoding : chunked"),
        after_chunks("transfer-encoding:\u{b}chunked"),
        after_chunks(" transfer-encoding: chunked"),
        after_length("content-length: 0\r\ncontent-length: 22"),
        after_length("content-length: 0, 22"),
        after_length("content-length: +22"),
        after_length("content-length: -1"),
        after_length("content-length: 0x16"),
        after_length("content-length: 22e0"),
        after_length("content-length: 18446744073709551616"),
        after_length("content-length: "),
        after_length("content-length : 22"),
        chunks(format!("x\r\n{hidden}")),
        chunks(format!("-1\r\n{hidden}")),
        chunks(format!("0x0\r\n\r\n{hidden}")),
        chunks(format!("ffffffffffffffffff\r\n{hidden}")),
        chunks(format!("{length:x}\n{hidden}\r\n0\r\n\r\n")),
        chunks(format!("2\r\n{{}}xx\r\n0\r\n\r\n{hidden}")),
        chunks(format!("0;{}\r\n\r\n{hidden}", "e".repeat(100_000))),
        chunks(format!("0\r\n{}\r\n{hidden}", "t: 1\r\n".repeat(20_000))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_hides_in_the_body_of_another() {
    let mut shop = Shop::start();
    let doors = [
        ("product-service", ""),
        ("gateway-service", "/api"),
        ("frontend", "/api"),
    ];
    for (door, prefix) in doors {
        let hidden = format!(
            "GET {prefix}/products HTTP/1.1\r\nhost: shop\r\nx-request-id: smuggled\r\n\r\n"
        );
        for (framing, body) in framings(&hidden) {
            let mut raw = Raw::connect(shop.http(door).address()).await;
            let head = format!(
                "POST {prefix}/products HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
            );
            let _ = raw.send([head.as_bytes(), body.as_bytes()].concat()).await;
            raw.finish().await;
            let everything = raw.rest().await;
            let text = String::from_utf8_lossy(&everything);
            let begin: String = body.chars().take(40).collect();
            assert!(
                text.matches("HTTP/1.1 ").count() <= 1 && !text.contains("HTTP/1.1 5"),
                "{door} {framing} {begin:?}: {text}"
            );
        }
        // What comes after on the same way to the service is answered as it was asked.
        let mut raw = Raw::connect(shop.http(door).address()).await;
        let request = format!("GET {prefix}/products/product3 HTTP/1.1\r\nhost: shop\r\n\r\n");
        for _ in 0..10 {
            raw.send(&request).await.expect("sent");
            let answer = raw.answer().await.expect("an answer");
            assert_eq!(answer.json()["id"], "product3");
        }
    }
    for service in shop.services() {
        let log = service.log();
        let smuggled = log.iter().find(|line| line["request_id"] == "smuggled");
        assert_eq!(smuggled, None, "{} answered it", service.name());
    }
    assert_unharmed(shop, &[]).await;
}
