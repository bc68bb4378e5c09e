//! An order's trace: on the terminal, on the page's server, and at another receiver.

use harness::{Answer, Receiver, ReceiverMode, eventually};
use serde_json::{Value, json};

use crate::opened::{Launcher, Opened};

/// The services that an order from the frontend server passes through.
const SERVICES: [&str; 5] = [
    "frontend",
    "gateway-service",
    "order-service",
    "product-service",
    "inventory-service",
];

async fn buy(shop: &Opened, quantity: u32) -> Answer {
    let order = json!({ "productId": "product1", "quantity": quantity });
    shop.launcher.http(3001).post("/api/orders", &order).await
}

/// The printed tree of a trace, without its headline.
async fn tree(shop: &Opened, trace_id: &str) -> Vec<String> {
    eventually("the tree", async || {
        let lines = shop.launcher.process.lines();
        let mut below = lines.iter().skip_while(|line| !line.ends_with(trace_id));
        below.next().ok_or(())?;
        let tree: Vec<_> = below.take_while(|line| !line.is_empty()).cloned().collect();
        if tree.is_empty() { Err(()) } else { Ok(tree) }
    })
    .await
}

fn names(otlp: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for resource in otlp["result"]["resourceSpans"].as_array().unwrap() {
        for scope in resource["scopeSpans"].as_array().unwrap() {
            let spans = scope["spans"].as_array().unwrap();
            names.extend(
                spans
                    .iter()
                    .map(|span| span["name"].as_str().unwrap().to_owned()),
            );
        }
    }
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_drawn_with_one_line_for_each_span_and_served_to_the_page() {
    let shop = Launcher::open(&[], &[]).await;
    let bought = buy(&shop, 3).await;
    assert_eq!(bought.status, 201, "{bought:?}");
    let id = bought.trace_id();
    let tree = tree(&shop, &id).await;
    let head = format!(
        "order {}  trace {id}",
        bought.json()["id"].as_str().unwrap()
    );
    shop.launcher.says(&head).await;
    for service in SERVICES {
        let found = tree
            .iter()
            .any(|line| line.contains(&format!("  {service}")));
        assert!(found, "{service}: {tree:#?}");
    }
    assert!(tree[0].starts_with("  POST /api/orders "), "{tree:#?}");
    for line in &tree {
        let duration = line
            .strip_suffix(" ms")
            .and_then(|line| line.rsplit(' ').next());
        let duration: f64 = duration.unwrap_or_default().parse().unwrap_or(-1.0);
        assert!(duration >= 0.0, "no duration: {line}");
    }

    let page = shop.launcher.http(3001);
    let answer = page.get(&format!("/traces/{id}")).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let names = names(&answer.json());
    assert_eq!(
        names.len(),
        tree.len(),
        "one line a span: {names:?} {tree:#?}"
    );
    for name in [
        "create_order",
        "get_product_details",
        "check_inventory",
        "update_inventory",
    ] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
        let lines = tree.iter().filter(|line| line.contains(name)).count();
        assert_eq!(lines, 1, "{name}: {tree:#?}");
    }
    page.get(&format!("/traces/{}", "7".repeat(32)))
        .await
        .problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_shows_where_it_failed() {
    let shop = Launcher::open(&[], &[]).await;
    let refused = buy(&shop, 101).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let tree = tree(&shop, &refused.trace_id()).await;
    let failed = tree
        .iter()
        .any(|line| line.contains("create_order") && line.contains("failed"));
    assert!(failed, "{tree:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_follow_the_tree_with_that_flag() {
    let shop = Launcher::open(&["--logs"], &[]).await;
    let tree = tree(&shop, &buy(&shop, 1).await.trace_id()).await;
    for service in SERVICES {
        let line = tree
            .iter()
            .find(|line| line.contains(&format!(" INFO  {service}: ")));
        assert!(line.is_some(), "{service}: {tree:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_receiver_gets_the_spans_and_none_is_opened() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let endpoint = receiver.endpoint();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.clone().into()),
        ("LOGS_URL", "http://127.0.0.1:3100".into()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20".into()),
    ];
    let shop = Launcher::open(&[], &environment).await;
    let said = shop.launcher.says("The shop is open.").await.join("\n");
    assert!(said.contains(&endpoint), "{said}");
    // Where the page reads, too, and how to say so where it reads nowhere.
    for place in ["http://127.0.0.1:3100", "set TRACES_URL", "set METRICS_URL"] {
        assert!(said.contains(place), "{place}: {said}");
    }
    let own = ("127.0.0.1", 4318 + shop.launcher.offset);
    assert!(std::net::TcpStream::connect(own).is_err());
    let id = buy(&shop, 1).await.trace_id();
    eventually("the spans of all services", async || {
        let spans = receiver.trace(&id);
        let from = |service: &&str| spans.iter().any(|span| span.service == **service);
        let missing: Vec<_> = SERVICES.iter().filter(|service| !from(service)).collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(format!("nothing of {missing:?}"))
        }
    })
    .await;
    let page = shop.launcher.http(3001);
    page.get(&format!("/traces/{id}")).await.problem(404);
}
