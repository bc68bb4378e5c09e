//! Clients that are too fast, too slow, or gone.

use std::time::{Duration, Instant};

use harness::unharmed::assert_unharmed;
use harness::{Raw, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, eventually};

use super::{BODY_LIMIT, addresses, ask, writes};

#[tokio::test(flavor = "multi_thread")]
async fn spans_from_the_page_are_bounded_in_type_size_and_rate() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let address = shop.frontend().address();
    let post = |content_type: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "POST /otlp/v1/traces HTTP/1.1\r\nhost: shop\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        async move { ask(address, request).await.expect("an answer") }
    };
    post("text/plain", "{}").await.problem(415);
    post("application/json", &"x".repeat(BODY_LIMIT + 1))
        .await
        .problem(413);
    let mut statuses = Vec::new();
    for _ in 0..200 {
        let answer = post("application/x-protobuf", "").await;
        if answer.status == 429 {
            answer.problem(429);
            assert!(answer.header("retry-after").is_some());
        }
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses[0], 200);
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 429)),
        "{statuses:?}"
    );
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let mut shop = Shop::start();
    let body = r#"{"productId":"product1","orderId":"o","name":"n","price":2,"quantity":2}"#;
    for write in writes(&shop) {
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            write.method,
            write.target,
            body.len()
        );
        let whole = format!("{head}{body}");
        // At every tenth byte of the request, and right after its last one.
        for end in (0..whole.len()).step_by(10).chain([whole.len()]) {
            let mut raw = Raw::connect(write.address).await;
            raw.send(&whole.as_bytes()[..end]).await.expect("sent");
            if end % 20 == 0 {
                raw.finish().await;
                let rest = raw.rest().await;
                assert!(
                    !rest.starts_with(b"HTTP/1.1 5"),
                    "{}",
                    String::from_utf8_lossy(&rest)
                );
            }
        }
    }
    for (name, _) in addresses(&mut shop) {
        let http = shop.http(&name);
        eventually("no request is in flight but the question", async || {
            let scrape = Scrape::of(&http).await;
            let in_flight = scrape.sum("http_server_requests_in_flight", &[]);
            if in_flight <= 1.0 {
                Ok(())
            } else {
                Err(in_flight)
            }
        })
        .await;
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_slow_is_answered_408_or_closed_in_about_ten_seconds() {
    let mut shop = Shop::start();
    let begun = Instant::now();
    let in_time = move |what: &str| {
        let took = begun.elapsed();
        assert!(
            took > Duration::from_secs(8) && took < Duration::from_secs(14),
            "{what} ended after {took:?}"
        );
    };
    let mut clients = tokio::task::JoinSet::new();
    for (name, address) in addresses(&mut shop) {
        for (what, start) in [
            ("a connection that says nothing", ""),
            ("a first line without end", "GET /hea"),
            (
                "headers without end",
                "GET /health HTTP/1.1\r\nhost: shop\r\nx: ",
            ),
        ] {
            let name = name.clone();
            clients.spawn(async move {
                let mut raw = Raw::connect(address).await;
                raw.send(start).await.expect("sent");
                assert!(
                    raw.closes_within(Duration::from_secs(20)).await,
                    "{name}: {what}"
                );
                in_time(&format!("{name}: {what}"));
            });
        }
        // One byte each half second is not enough either.
        let dripping = name.clone();
        clients.spawn(async move {
            let mut raw = Raw::connect(address).await;
            raw.send("GET /health HTTP/1.1\r\nhost: shop\r\nx: ")
                .await
                .expect("sent");
            while begun.elapsed() < Duration::from_secs(20) && raw.send("x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            in_time(&format!("{dripping}: headers that drip"));
        });
        clients.spawn(async move {
            let mut raw = Raw::connect(address).await;
            raw.send("GET /health HTTP/1.1\r\nhost: shop\r\n\r\n")
                .await
                .expect("sent");
            assert!(
                raw.answer()
                    .await
                    .is_some_and(|answer| answer.status == 200)
            );
            assert!(raw.closes_within(Duration::from_secs(20)).await, "{name}");
            in_time(&format!("{name}: an idle connection"));
        });
    }
    for write in writes(&shop) {
        for framing in [
            "content-length: 30\r\n\r\n{",
            "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        ] {
            let request = format!(
                "{} {} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n{framing}",
                write.method, write.target
            );
            let (address, target) = (write.address, write.target.clone());
            clients.spawn(async move {
                let answer = ask(address, request).await;
                let answer = answer.unwrap_or_else(|| panic!("{target} was not answered"));
                answer.problem(408);
                in_time(&format!("{target}: a body that stalls"));
            });
        }
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            write.method, write.target
        );
        let (address, target) = (write.address, write.target.clone());
        clients.spawn(async move {
            let mut raw = Raw::connect(address).await;
            raw.send(head).await.expect("sent");
            while begun.elapsed() < Duration::from_secs(20) && raw.send("1\r\n \r\n").await.is_ok()
            {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            in_time(&format!("{target}: a body that drips"));
        });
    }
    while let Some(client) = clients.join_next().await {
        if let Err(error) = client {
            std::panic::resume_unwind(error.into_panic());
        }
    }
    assert_unharmed(shop, &[]).await;
}
