//! Ten thousand orders as fast as they are answered: what is on the shelf is sold once, and not one piece more.

use std::collections::BTreeSet;
use std::sync::Arc;

use harness::{Answer, Http, Scrape, Shop, ShopOptions};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use crate::ALONE;

/// How many orders there are, each placed by a task of its own as soon as it may.
const ORDERS: usize = 10_000;

/// How many of them are on a connection at a time; the others wait for one that is free, as a
/// browser's or a proxy's requests do. No more than a slow machine answers in a part of the two
/// seconds that the order service gives the product service, or a look-up would be given up.
const CONNECTIONS: usize = 250;

/// The stock that they fight for.
const STOCK: u32 = 1_000;

const PRODUCT: &str = "product1";

/// A shop without the frontend server, in a process that may open the connections.
async fn shop() -> Shop {
    let files = u64::try_from(2 * CONNECTIONS).expect("a count");
    let possible = rlimit::increase_nofile_limit(files).expect("a limit");
    assert!(
        possible >= files,
        "this test needs {files} open files: ulimit -n {files}"
    );
    let shop = Shop::with(ShopOptions {
        // A slow machine refuses a part of so many, as it should: here all of them are to be counted.
        environment: vec![("SHED_AFTER_MS", "0".to_owned())],
        without_frontend: true,
        ..ShopOptions::default()
    });
    shop.set_stock(PRODUCT, STOCK).await;
    shop
}

/// Places an order of each quantity, [`CONNECTIONS`] of them at a time, and gives the answers.
async fn place_at_once(gateway: &Http, quantities: impl Iterator<Item = u32>) -> Vec<Answer> {
    let quantities: Vec<_> = quantities.collect();
    let start = Arc::new(Barrier::new(quantities.len()));
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let mut placing = JoinSet::new();
    for quantity in quantities {
        let (gateway, start) = (gateway.clone(), Arc::clone(&start));
        let connections = Arc::clone(&connections);
        placing.spawn(async move {
            start.wait().await;
            let _connection = connections.acquire().await.expect("never closed");
            let wish = json!({ "productId": PRODUCT, "quantity": quantity });
            gateway.post("/api/orders", &wish).await
        });
    }
    placing.join_all().await
}

/// The orders that were answered 201. All others must have been refused for short stock, and
/// truly so.
fn sold(answers: &[Answer]) -> Vec<Value> {
    let (sold, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in refused {
        let problem = answer.problem(409);
        let (stock, wanted) = (&problem["currentStock"], &problem["requested"]);
        assert!(
            stock.as_u64() < wanted.as_u64(),
            "refused although there was enough: {problem}"
        );
    }
    sold.into_iter().map(Answer::json).collect()
}

fn pieces(orders: &[Value]) -> u64 {
    let quantities = orders.iter().map(|order| order["quantity"].as_u64());
    quantities.map(|quantity| quantity.expect("a number")).sum()
}

fn ids(orders: &[Value]) -> BTreeSet<&str> {
    let ids: BTreeSet<_> = orders
        .iter()
        .filter_map(|order| order["id"].as_str())
        .collect();
    assert_eq!(ids.len(), orders.len(), "an order stands twice");
    ids
}

/// Holds what was answered against the orders, the stock, the reservations and the metrics.
async fn assert_all_agree(shop: &Shop, sold: &[Value], asked: usize) {
    let stock = shop.stock(PRODUCT).await;
    assert_eq!(stock + pieces(sold), u64::from(STOCK));
    let orders = shop.orders().await;
    let created: Vec<_> = orders
        .iter()
        .filter(|order| order["status"] == "CREATED")
        .cloned()
        .collect();
    assert_eq!(ids(&created), ids(sold));
    assert_eq!(pieces(&created), pieces(sold));
    assert!(
        orders.iter().all(|order| order["status"] != "PENDING"),
        "every order is settled when its answer has come"
    );
    // To reserve again under an order's id takes nothing and shows what it holds. Since these
    // are all pieces that left the shelf, no other order holds any.
    let inventory = shop.http("inventory-service");
    for order in &created {
        let wish = json!({
            "orderId": order["id"], "productId": PRODUCT, "quantity": order["quantity"],
        });
        let answer = inventory.post("/inventory/reservations", &wish).await;
        assert_eq!(answer.status, 201, "{order} holds no reservation");
        let reservation = answer.json();
        for field in ["orderId", "productId", "quantity"] {
            assert_eq!(reservation[field], wish[field]);
        }
    }
    assert_eq!(shop.stock(PRODUCT).await, stock);

    let scrape = Scrape::of(&shop.http("order-service")).await;
    let count = |result| {
        let count = scrape.value("shop_orders_total", &[("result", result)]);
        format!("{}", count.expect("a series"))
    };
    assert_eq!(count("created"), sold.len().to_string());
    assert_eq!(count("rejected_stock"), (asked - sold.len()).to_string());
    for result in ["pending", "failed", "rejected_product"] {
        assert_eq!(count(result), "0", "{result}");
    }
    let scrape = Scrape::of(&inventory).await;
    let stock_units = scrape.value("shop_stock_units", &[("product_id", PRODUCT)]);
    assert_eq!(
        stock_units.map(|units| units.to_string()),
        Some(stock.to_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_orders_of_one_piece_sell_exactly_the_thousand_that_there_are() {
    let _alone = ALONE.lock().await;
    let shop = shop().await;
    let answers = place_at_once(&shop.gateway(), std::iter::repeat_n(1, ORDERS)).await;
    let sold = sold(&answers);
    assert_eq!(sold.len(), STOCK as usize);
    assert_eq!(shop.stock(PRODUCT).await, 0);
    assert_all_agree(&shop, &sold, ORDERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_mixed_quantities_at_once_sell_no_more_than_there_is() {
    let _alone = ALONE.lock().await;
    let shop = shop().await;
    // Three times the stock, and single pieces up to the end: the last large orders are refused
    // while small ones still fit.
    let quantities = (0..2_000).map(|nth| [1, 7, 3, 19, 1, 11][nth % 6]);
    let answers = place_at_once(&shop.gateway(), quantities).await;
    let sold = sold(&answers);
    assert_all_agree(&shop, &sold, 2_000).await;
}
