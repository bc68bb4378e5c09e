//! `Idempotency-Key`: a repeated request leads to the one order that the first has made, however
//! often, however close together, and across a crash.

use std::collections::BTreeSet;

use harness::stand_in::{Behaviour, StandIn};
use harness::{Answer, Raw, Shop, ShopOptions};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const RESERVATIONS: &str = "/inventory/reservations";

fn wish(product: &str, quantity: u32) -> Value {
    json!({ "productId": product, "quantity": quantity })
}

async fn buy_as(shop: &Shop, key: &str, wish: &Value) -> Answer {
    let headers = [("idempotency-key", key)];
    shop.gateway()
        .post_with("/api/orders", &headers, wish)
        .await
}

/// The answer is 201, and its order.
fn created(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{answer:?}");
    let order = answer.json();
    assert_eq!(order["status"], "CREATED");
    order
}

/// A shop whose inventory is seen through a stand-in.
async fn shop_with_stand_in() -> (Shop, StandIn) {
    let inventory = StandIn::start().await;
    let shop = Shop::with(ShopOptions {
        environment: vec![("INVENTORY_SERVICE_URL", inventory.url())],
        without_frontend: true,
        ..ShopOptions::default()
    });
    inventory.stand_before(shop.http("inventory-service").address());
    (shop, inventory)
}

/// Sends these requests under one key, all at once.
async fn at_once(shop: &Shop, key: &'static str, wishes: Vec<Value>) -> Vec<(Value, Answer)> {
    let mut requests = JoinSet::new();
    for wish in wishes {
        let gateway = shop.gateway();
        requests.spawn(async move {
            let headers = [("idempotency-key", key)];
            let answer = gateway.post_with("/api/orders", &headers, &wish).await;
            (wish, answer)
        });
    }
    requests.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_gets_the_first_order_and_another_body_is_refused() {
    let shop = Shop::start();
    let first = buy_as(&shop, "one", &wish("product1", 3)).await;
    let order = created(&first);
    for _ in 0..3 {
        let again = buy_as(&shop, "one", &wish("product1", 3)).await;
        assert_eq!(created(&again), order);
        assert_eq!(again.header("location"), first.header("location"));
    }
    // The same wish, written differently.
    let headers = [
        ("idempotency-key", "one"),
        ("content-type", "application/json"),
    ];
    let body = r#"{ "quantity" : 3 , "productId" : "product1" }"#;
    let again = shop
        .gateway()
        .send(http::Method::POST, "/api/orders", &headers, body)
        .await;
    assert_eq!(created(&again), order);
    for other in [wish("product1", 4), wish("product2", 3)] {
        buy_as(&shop, "one", &other).await.problem(422);
    }
    // Another key is another order, and no key is none.
    assert_ne!(
        created(&buy_as(&shop, "two", &wish("product1", 3)).await),
        order
    );
    assert_ne!(created(&shop.buy("product1", 3).await), order);
    assert_eq!(shop.orders().await.len(), 3);
    assert_eq!(shop.stock("product1").await, 100 - 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_at_once_under_one_key_are_one_order() {
    let shop = Shop::start();
    let answers = at_once(&shop, "crowd", vec![wish("product1", 2); 50]).await;
    let orders: BTreeSet<_> = answers
        .iter()
        .map(|(_, answer)| created(answer).to_string())
        .collect();
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.stock("product1").await, 98);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_finds_its_order_also_when_that_took_the_last_piece() {
    let shop = Shop::start();
    // Several rounds, since each tries a race between the look at the shelf and the reservation.
    for key in ["first", "second", "third", "fourth", "fifth", "sixth"] {
        shop.set_stock("product1", 2).await;
        let answers = at_once(&shop, key, vec![wish("product1", 2); 50]).await;
        let orders: BTreeSet<_> = answers
            .iter()
            .map(|(_, answer)| created(answer).to_string())
            .collect();
        assert_eq!(orders.len(), 1, "{orders:?}");
        assert_eq!(shop.stock("product1").await, 0);
    }
    assert_eq!(shop.orders().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_different_wishes_at_once_under_one_key_one_is_an_order() {
    let shop = Shop::start();
    let wishes = (0..50).map(|nth| wish("product1", 1 + nth % 2)).collect();
    let answers = at_once(&shop, "torn", wishes).await;
    let orders = shop.orders().await;
    let [order] = orders.as_slice() else {
        panic!("not one order: {orders:?}");
    };
    for (wish, answer) in &answers {
        if wish["quantity"] == order["quantity"] {
            assert_eq!(created(answer), *order);
        } else {
            answer.problem(422);
        }
    }
    let taken = order["quantity"].as_u64().expect("a number");
    assert_eq!(shop.stock("product1").await, 100 - taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_under_which_nothing_was_stored_may_try_again() {
    let shop = Shop::start();
    shop.set_stock("product1", 2).await;
    let short = buy_as(&shop, "patient", &wish("product1", 3)).await;
    let problem = short.problem(409);
    assert_eq!(
        (&problem["currentStock"], &problem["requested"]),
        (&json!(2), &json!(3))
    );
    buy_as(&shop, "patient", &wish("unknown", 1))
        .await
        .problem(404);
    assert_eq!(shop.orders().await.len(), 0);
    shop.set_stock("product1", 3).await;
    let order = created(&buy_as(&shop, "patient", &wish("product1", 3)).await);
    assert_eq!(
        created(&buy_as(&shop, "patient", &wish("product1", 3)).await),
        order
    );
    assert_eq!(shop.stock("product1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_rejected_order_stays_rejected() {
    let (shop, inventory) = shop_with_stand_in().await;
    shop.set_stock("product1", 2).await;
    // The shelf seems full to the one who looks, and is not for the one who takes.
    let yes = json!({
        "productId": "product1", "requested": 3, "available": true, "currentStock": 3,
    });
    let check = Behaviour::Answer(http::StatusCode::OK, yes);
    inventory.set("/inventory/check", check);
    let first = buy_as(&shop, "late", &wish("product1", 3)).await;
    let first = first.problem(409);
    shop.set_stock("product1", 100).await;
    let again = buy_as(&shop, "late", &wish("product1", 3)).await;
    let again = again.problem(409);
    for field in ["currentStock", "requested", "detail"] {
        assert_eq!(again[field], first[field]);
    }
    assert_eq!(shop.orders().await[0]["status"], "REJECTED");
    assert_eq!(shop.stock("product1").await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_drives_an_order_that_was_left_pending() {
    let (shop, inventory) = shop_with_stand_in().await;
    inventory.set(RESERVATIONS, Behaviour::LoseAnswer);
    let first = buy_as(&shop, "again", &wish("product1", 3)).await;
    assert_eq!(first.status, 202, "{first:?}");
    let pending = first.json();
    assert_eq!(pending["status"], "PENDING");
    inventory.set(RESERVATIONS, Behaviour::Pass);
    let order = created(&buy_as(&shop, "again", &wish("product1", 3)).await);
    assert_eq!(order["id"], pending["id"]);
    assert_eq!(shop.orders().await, [order]);
    assert_eq!(
        shop.stock("product1").await,
        97,
        "every attempt took its pieces, and only the first was to"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_survive_a_crash() {
    let mut shop = Shop::start();
    let order = created(&buy_as(&shop, "lasting", &wish("product1", 3)).await);
    shop.kill("order-service");
    shop.start_service("order-service");
    assert_eq!(
        created(&buy_as(&shop, "lasting", &wish("product1", 3)).await),
        order
    );
    buy_as(&shop, "lasting", &wish("product1", 1))
        .await
        .problem(422);
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.stock("product1").await, 97);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_is_refused_and_stores_nothing() {
    let shop = Shop::start();
    let body = wish("product1", 1).to_string();
    let (long, too_long) = ("k".repeat(255), "k".repeat(256));
    for lines in [
        "idempotency-key:\r\n".to_owned(),
        "idempotency-key: two words\r\n".to_owned(),
        "idempotency-key: sch\u{fc}ssel\r\n".to_owned(),
        format!("idempotency-key: {too_long}\r\n"),
        "idempotency-key: one\r\nidempotency-key: one\r\n".to_owned(),
    ] {
        let mut raw = Raw::connect(shop.gateway().address()).await;
        let head = "POST /api/orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n";
        let length = body.len();
        raw.send(format!(
            "{head}{lines}content-length: {length}\r\n\r\n{body}"
        ))
        .await
        .expect("sent");
        let answer = raw.answer().await.expect("an answer");
        answer.problem(400);
    }
    assert_eq!(shop.orders().await.len(), 0);
    for key in ["!", "~", "8e03978e-40d5-43dd-bc93-6894a57f9324", &long] {
        created(&buy_as(&shop, key, &wish("product1", 1)).await);
    }
    assert_eq!(shop.orders().await.len(), 4);
}
