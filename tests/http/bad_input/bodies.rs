//! Bodies that are malformed, of another shape, or too large.

use harness::unharmed::assert_unharmed;
use harness::{Raw, Shop};
use serde_json::json;

use super::{BODY_LIMIT, writes};

/// A body with all fields of all writes, so that only what is put in makes it wrong.
fn filled(id: &str, name: &str, quantity: &str, price: &str) -> String {
    format!(
        r#"{{"productId":{id},"orderId":{id},"name":{name},"quantity":{quantity},"price":{price}}}"#
    )
}

/// Texts that are no JSON, and JSON that is no object.
fn no_objects() -> Vec<Vec<u8>> {
    let short: [&[u8]; 22] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"{}",
        b"{}{}",
        b"{,}",
        b"{\"a\":1,}",
        b"'",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"null",
        b"true",
        b"1",
        b"\"text\"",
        b"[]",
        b"[1]",
        // What serde derives would take these for structs.
        br#"["product1",1]"#,
        br#"["order","product1",1]"#,
        br#"["name",1]"#,
        b"[{}]",
    ];
    let deep = ["[".repeat(60_000), r#"{"quantity":"#.repeat(5_000)];
    let short = short.into_iter().map(<[u8]>::to_vec);
    short.chain(deep.map(String::into_bytes)).collect()
}

/// Objects in which a number, a name or a field is wrong.
fn wrong_objects() -> Vec<Vec<u8>> {
    let nines = "9".repeat(30_000);
    let letters = format!("\"{}\"", "x".repeat(30_000));
    let numbers = [
        "-1",
        "0.001",
        "1.0000000001",
        "1e400",
        "-1e400",
        "10000000001",
        &nines,
        "NaN",
        "Infinity",
        "0x10",
        "01",
        "+1",
        "\"1\"",
        "null",
        "true",
        "[1]",
        "{}",
        "",
        &letters,
    ];
    let numbers = numbers.map(|number| filled("\"o\"", "\"n\"", number, number));
    let others = [
        filled("\"product1\"", "\"n\"", "1.5", "1.005"),
        r#"{"quantity":"x"}"#.to_owned(),
        r#"{"productId":"product1"}"#.to_owned(),
        r#"{"name":"n"}"#.to_owned(),
        r#"{"price":1}"#.to_owned(),
        r#"{"PRODUCTID":"product1","QUANTITY":1,"Name":"n","Price":1}"#.to_owned(),
        r#"{"quantity":1,"quantity":1,"name":"n","name":"n","price":1}"#.to_owned(),
    ];
    let mut objects: Vec<_> = numbers
        .into_iter()
        .chain(others)
        .map(String::into_bytes)
        .collect();
    // No UTF-8, in the name of a field.
    let mut bytes = filled("\"o\"", "\"n\"", "1", "1").into_bytes();
    bytes[2] = 0xff;
    objects.push(bytes);
    objects
}

/// Objects in which an id, or a name, is none.
fn wrong_ids() -> Vec<Vec<u8>> {
    let ids = [
        r#""""#,
        r#"".""#,
        r#""..""#,
        r#""a/b""#,
        r#""../x""#,
        r#""a b""#,
        r#""a\r\nX-Evil: 1""#,
        r#""\u0000""#,
        r#""\ud800""#,
        r#""é""#,
        "1",
        "null",
        "[]",
    ];
    let names = [
        "\"\"",
        "\" \"",
        "\"\\u3000\"",
        "\"a\\r\\nX-Evil: 1\"",
        "\"\\u0000\"",
        "\"\\u007f\"",
        "1",
    ];
    let long = format!("\"{}\"", "é".repeat(201));
    let wrong = ids
        .iter()
        .zip(names.into_iter().chain([long.as_str()]).cycle());
    wrong
        .map(|(id, name)| filled(id, name, "1", "1").into_bytes())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_what_the_path_takes_is_400_and_changes_nothing() {
    let shop = Shop::start();
    let bodies = [no_objects(), wrong_objects()].concat();
    let ids = wrong_ids();
    for write in writes(&shop) {
        // A shelf is named in the path, so a wrong id in its body is a field that nobody reads.
        let ids = ids.iter().filter(|_| write.method != "PUT");
        for body in bodies.iter().chain(ids) {
            for answer in [
                write.send_whole(body).await,
                write.send_in_chunks(body).await,
            ] {
                let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
                assert_eq!(
                    answer.status, 400,
                    "{} {} {shown}: {answer:?}",
                    write.method, write.target
                );
                answer.problem(400);
            }
        }
    }
    assert_eq!(
        shop.gateway()
            .get("/api/products")
            .await
            .json()
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    assert_eq!(
        shop.gateway().get("/api/inventory").await.json(),
        json!({ "product1": 100, "product2": 50, "product3": 75 })
    );
    assert!(shop.orders().await.is_empty());
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_passed_over_and_a_whole_number_may_be_written_in_any_way() {
    let shop = Shop::start();
    for write in writes(&shop) {
        shop.set_stock("product1", 1000).await;
        for quantity in ["2", "2.0", "2e0", "0.2E+1", "20e-1", "  2  "] {
            let body = format!(
                r#" {{"productId":"product1","orderId":"o","name":"n","price":2,"quantity":{quantity},"x":{{"y":[1e300,null]}},"":0}} "#
            );
            let answer = write.send_whole(body.as_bytes()).await;
            assert!(
                answer.status.is_success(),
                "{} {body}: {answer:?}",
                write.target
            );
        }
        // Escapes are letters (RFC 8259 section 7).
        let body = br#"{"\u0070roductId":"\u0070roduct1","orderId":"\u006f","name":"\u006e\ud83d\ude00","price":2,"quantity":2}"#;
        let answer = write.send_whole(body).await;
        assert!(answer.status.is_success(), "{}: {answer:?}", write.target);
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_64_kib_passes_and_one_more_byte_is_413() {
    let shop = Shop::start();
    for write in writes(&shop) {
        shop.set_stock("product1", 1000).await;
        let body = r#"{"productId":"product1","orderId":"o","name":"n","price":2,"quantity":2}"#;
        let fits = format!("{body}{}", " ".repeat(BODY_LIMIT - body.len()));
        let larger = format!("{fits} ");
        let deep = "[".repeat(100_000);
        for answer in [
            write.send_whole(fits.as_bytes()).await,
            write.send_in_chunks(fits.as_bytes()).await,
        ] {
            assert!(answer.status.is_success(), "{}: {answer:?}", write.target);
        }
        for body in [larger.as_bytes(), deep.as_bytes()] {
            let answer = write.send_whole(body).await;
            answer.problem(413);
            // Nothing can follow the rest of the body.
            assert_eq!(answer.header("connection"), Some("close"));
            write.send_in_chunks(body).await.problem(413);
        }
        // Said to be large, and nothing sent.
        for length in ["65537", "4294967296", "9223372036854775807"] {
            write
                .send(&format!("content-length: {length}"), b"")
                .await
                .problem(413);
        }
        write
            .send("content-length: 65537\r\nexpect: 100-continue", b"")
            .await
            .problem(413);
        // A body without end, as fast as the line takes it.
        let mut raw = Raw::connect(write.address).await;
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            write.method, write.target
        );
        raw.send(head).await.expect("sent");
        let chunk = [b"1000\r\n".as_slice(), &[b' '; 4096], b"\r\n"].concat();
        let mut sent = 0;
        while sent < 64 * 1024 * 1024 && raw.send(&chunk).await.is_ok() {
            sent += chunk.len();
        }
        assert!(
            sent < 32 * 1024 * 1024,
            "{} took {sent} bytes",
            write.target
        );
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_before_the_end_of_the_body_arrives_all_the_same() {
    let shop = Shop::start();
    // What is refused by its head, and where the body goes on for two writes more.
    let heads = [
        ("/api/inventory/product2", "PUT", 415),
        ("/api/inventory/no%20id", "PUT", 404),
        ("/api/products", "DELETE", 405),
    ];
    for door in ["gateway-service", "frontend"] {
        for (target, method, status) in heads {
            for _ in 0..200 {
                let mut raw = Raw::connect(shop.http(door).address()).await;
                let head = format!(
                    "{method} {target} HTTP/1.1\r\nhost: shop\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n"
                );
                raw.send(head).await.expect("sent");
                raw.send("8\r\n12345678\r\n").await.expect("sent");
                raw.send("0\r\n\r\n").await.expect("sent");
                let answer = raw.answer().await.expect("an answer");
                answer.problem(status);
                // All was read, so the connection goes on.
                assert_eq!(answer.header("connection"), None);
                raw.send("GET /health HTTP/1.1\r\nhost: shop\r\n\r\n")
                    .await
                    .expect("sent");
                let next = raw.answer().await.expect("an answer");
                assert_eq!(next.status, 200, "{door} {method} {target}");
            }
        }
    }
    assert_unharmed(shop, &[]).await;
}
