//! The log lines of a trace, as the page's server asks for them.

use harness::eventually;
use serde_json::json;

use crate::opened::Launcher;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_lines_of_a_trace_are_served_the_oldest_first() {
    let shop = Launcher::open(&[], &[]).await;
    let order = json!({ "productId": "product1", "quantity": 2 });
    let page = shop.launcher.http(3001);
    let bought = page.post("/api/orders", &order).await;
    assert_eq!(bought.status, 201, "{bought:?}");
    // Another order, whose lines must not be among them.
    page.post("/api/orders", &order).await;

    let path = format!("/logs/{}", bought.trace_id());
    let answer = eventually("the lines of all services", async || {
        let answer = page.get(&path).await;
        if answer.status != 200 {
            return Err(answer);
        }
        let lines = answer.json()["lines"].clone();
        let from = |service| {
            lines
                .as_array()
                .unwrap()
                .iter()
                .any(|l| l["service"] == service)
        };
        let all = [
            "frontend",
            "gateway-service",
            "order-service",
            "product-service",
            "inventory-service",
        ];
        if all.into_iter().all(from) {
            Ok(answer)
        } else {
            Err(answer)
        }
    })
    .await;
    assert_eq!(answer.header("content-type"), Some("application/json"));

    let answer = answer.json();
    let lines = answer["lines"].as_array().unwrap();
    for line in lines {
        let keys: Vec<_> = line.as_object().unwrap().keys().collect();
        let expected = [
            "fields",
            "level",
            "message",
            "service",
            "spanId",
            "timestamp",
        ];
        assert_eq!(keys, expected, "{line}");
        assert_eq!(line["spanId"].as_str().map(str::len), Some(16), "{line}");
        for moved in [
            "timestamp",
            "level",
            "service",
            "message",
            "trace_id",
            "span_id",
        ] {
            assert!(line["fields"].get(moved).is_none(), "{moved}: {line}");
        }
    }
    let times: Vec<_> = lines
        .iter()
        .map(|line| line["timestamp"].as_str())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    let created: Vec<_> = lines
        .iter()
        .filter_map(|line| line["fields"].get("order_id"))
        .collect();
    assert!(!created.is_empty(), "{lines:#?}");
    assert!(
        created.iter().all(|id| **id == bought.json()["id"]),
        "{lines:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_without_log_lines_is_not_found() {
    let shop = Launcher::open(&[], &[]).await;
    let page = shop.launcher.http(3001);
    for id in [&"7".repeat(32), "no-trace"] {
        page.get(&format!("/logs/{id}")).await.problem(404);
    }
    let receiver = shop.launcher.http(4318);
    let query = "/loki/api/v1/query_range?query=%7Bservice%3D%22frontend%22%7D";
    let answer = receiver.get(query).await;
    assert_eq!(answer.status, 400, "a query for no trace: {answer:?}");
}
