//! An open shop: every part is there, and the launcher says where.

use serde_json::json;

use crate::opened::{Launcher, PORTS};

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_each_part_is_and_each_is_there() {
    let shop = Launcher::open(&[], &[]).await;
    let said = shop.launcher.says("The shop is open.").await.join("\n");
    for (name, port) in PORTS {
        let place = format!("http://127.0.0.1:{}", port + shop.launcher.offset);
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        assert!(
            line.is_some_and(|line| line.contains(&place)),
            "{name}: {said}"
        );
    }
    for (name, port) in &PORTS[..5] {
        let health = shop.launcher.http(*port).get("/health").await;
        assert_eq!(health.json()["status"], "UP", "{name}: {health:?}");
    }
    assert!(said.contains(shop.data().to_str().unwrap()), "{said}");
    for store in ["product-service", "inventory-service", "order-service"] {
        let files = std::fs::read_dir(shop.data().join(store)).unwrap();
        assert!(files.count() > 0, "{store} has a store of its own");
    }
    let names: Vec<_> = shop
        .services
        .iter()
        .map(|(_, name)| name.as_str())
        .collect();
    for (name, _) in &PORTS[..5] {
        assert!(names.contains(name), "{name} is a process: {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_are_kept_without_fresh_and_deleted_with_it() {
    let shop = Launcher::open(&[], &[]).await;
    let order = json!({ "productId": "product1", "quantity": 2 });
    let bought = shop.launcher.http(3001).post("/api/orders", &order).await;
    assert_eq!(bought.status, 201, "{bought:?}");
    let shop = shop.again(&[]).await;
    let orders = shop.launcher.http(8080).get("/api/orders").await.json();
    assert_eq!(orders, json!([bought.json()]));
    let shop = shop.again(&["--fresh"]).await;
    let gateway = shop.launcher.http(8080);
    assert_eq!(gateway.get("/api/orders").await.json(), json!([]));
    let stock = gateway.get("/api/inventory/product1").await.json();
    assert_eq!(stock["quantity"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn load_adds_orders_by_itself() {
    let shop = Launcher::open(&["--load"], &[]).await;
    let gateway = shop.launcher.http(8080);
    harness::eventually("an order of the load generator", async || {
        let orders = gateway.get("/api/orders").await.json();
        let some = orders.as_array().is_some_and(|orders| !orders.is_empty());
        some.then_some(()).ok_or(orders)
    })
    .await;
}
