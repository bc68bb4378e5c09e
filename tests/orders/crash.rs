//! Kill -9 at random moments under load: whatever is killed when, stock and orders agree in the
//! end, and no order that was answered 201 is lost.
//!
//! `SHOP_KILLS` sets how many kills there are, `SHOP_SEED` repeats their order and moments (the
//! clients' requests meet them as the machine lets them).

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::{Answer, Http, Shop, ShopOptions, eventually};
use http::Method;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// How many kills there are unless told otherwise.
const KILLS: usize = 200;

/// How many clients order at once.
const CLIENTS: usize = 24;

/// How often a client that wants to know an outcome asks for it, before it turns to its next
/// wish. The last check asks for all of them again.
const ATTEMPTS: usize = 40;

/// How long a client waits before it repeats: about as long as a restart takes.
const PAUSE: Duration = Duration::from_millis(25);

/// Two shelves that never become empty, and one that soon does.
const SHELVES: [(&str, u64); 3] = [
    ("product1", 1_000_000),
    ("product2", 1_000_000),
    ("product3", 500),
];

/// What is killed at once.
const VICTIMS: [&[&str]; 3] = [
    &["order-service"],
    &["inventory-service"],
    &["order-service", "inventory-service"],
];

/// A client's wish under its key, and the order that it was answered, once it was.
#[derive(Clone, Debug)]
struct Wish {
    key: String,
    product: &'static str,
    quantity: u64,
    /// The order's id, since an answer of 201 or 202.
    order: Option<String>,
    /// Whether the answer was 201, after which the order must never be lost.
    created: bool,
}

impl Wish {
    /// Places the order, once; the answer, unless the connection broke.
    async fn place(&mut self, orders: &Http) -> Option<Answer> {
        let body = json!({ "productId": self.product, "quantity": self.quantity }).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", self.key.as_str()),
        ];
        let sent = orders.try_send(Method::POST, "/orders", &headers, body);
        let answer = sent.await.ok()?;
        if answer.body.is_empty() {
            // It broke off behind its head.
            return None;
        }
        match answer.status.as_u16() {
            201 | 202 => {
                let order = answer.json();
                let id = order["id"].as_str().expect("an id").to_owned();
                let earlier = self.order.replace(id.clone());
                assert!(
                    earlier.is_none_or(|earlier| earlier == id),
                    "the key {} has two orders",
                    self.key
                );
                self.created |= answer.status == 201;
                let status = if answer.status == 201 {
                    "CREATED"
                } else {
                    "PENDING"
                };
                assert_eq!(order["status"], status);
            }
            409 => {
                answer.problem(409);
                assert!(!self.created, "{} was created before: {answer:?}", self.key);
            }
            // It was never sent; or a service was killed while it was on its way.
            status @ (502 | 503) => {
                answer.problem(status);
            }
            other => panic!("{other} to an order: {answer:?}"),
        }
        Some(answer)
    }
}

/// What the clients and the killer share.
#[derive(Debug, Default)]
struct Load {
    stop: AtomicBool,
    /// How many orders have been answered 201.
    created: AtomicUsize,
}

/// A client: one wish after the other. Half of them it repeats under their key until their
/// outcome is known, and half it leaves to the order service, whatever became of them.
async fn order_until_stopped(
    client: usize,
    mut random: StdRng,
    address: SocketAddr,
    load: Arc<Load>,
) -> Vec<Wish> {
    let (orders, mut wishes) = (Http::new(address), Vec::new());
    while !load.stop.load(Ordering::Acquire) {
        let mut wish = Wish {
            key: format!("client-{client}-{}", wishes.len()),
            // The small shelf is asked less often, so that it lasts for a while.
            product: SHELVES[[0, 0, 0, 0, 1, 1, 1, 2][random.random_range(0..8)]].0,
            quantity: random.random_range(1..=5),
            order: None,
            created: false,
        };
        let attempts = if random.random_bool(0.5) { ATTEMPTS } else { 1 };
        for _ in 0..attempts {
            let answer = wish.place(&orders).await;
            if answer.is_some_and(|answer| matches!(answer.status.as_u16(), 201 | 409)) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        load.created
            .fetch_add(usize::from(wish.created), Ordering::AcqRel);
        wishes.push(wish);
    }
    wishes
}

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// Kills and starts again.
async fn kill_at_random(shop: &mut Shop, random: &mut StdRng, kills: usize, load: &Load) {
    let mut done = 0;
    while done < kills {
        // Most kills hit a load that flows, and some a service that has just begun to settle
        // what the last kill has left.
        if random.random_bool(0.75) {
            let before = load.created.load(Ordering::Acquire);
            eventually("orders are created again", async || {
                let created = load.created.load(Ordering::Acquire) - before;
                if created > 0 { Ok(()) } else { Err(created) }
            })
            .await;
        }
        tokio::time::sleep(Duration::from_micros(random.random_range(0..100_000))).await;
        let victims = VICTIMS[random.random_range(0..VICTIMS.len())];
        for victim in victims {
            shop.kill(victim);
        }
        done += victims.len();
        // Down for long enough, at times, that an attempt meets nobody.
        tokio::time::sleep(Duration::from_micros(random.random_range(0..30_000))).await;
        for victim in victims.iter().rev() {
            shop.start_service(victim);
        }
    }
}

async fn all_settled(shop: &Shop) -> Vec<Value> {
    eventually("no order is pending", async || {
        let orders = shop.orders().await;
        let pending = orders.iter().filter(|order| order["status"] == "PENDING");
        let pending = pending.count();
        if pending == 0 {
            Ok(orders)
        } else {
            Err(pending)
        }
    })
    .await
}

fn created(orders: &[Value]) -> BTreeMap<&str, &Value> {
    let created = orders.iter().filter(|order| order["status"] == "CREATED");
    created
        .map(|order| (order["id"].as_str().expect("an id"), order))
        .collect()
}

/// The equation of the contract, for every product.
async fn assert_stock_agrees(shop: &Shop, orders: &[Value]) {
    for (product, start) in SHELVES {
        let sold: u64 = created(orders)
            .values()
            .filter(|order| order["productId"] == product)
            .map(|order| order["quantity"].as_u64().expect("a number"))
            .sum();
        let stock = shop.stock(product).await;
        assert_eq!(stock + sold, start, "{product}: {stock} left, {sold} sold");
    }
}

/// Asks each of `items` at once as many times as there are clients.
async fn for_each_at_once<T, F>(items: Vec<T>, ask: impl Fn(T) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut asking = JoinSet::new();
    for item in items {
        if asking.len() == CLIENTS {
            asking.join_next().await.expect("one").expect("no panic");
        }
        asking.spawn(ask(item));
    }
    asking.join_all().await;
}

/// Every order that is `CREATED` holds its reservation: to reserve again under its id takes
/// nothing and is answered as before. With [`assert_stock_agrees`] after it, no other order
/// holds any, for these are all the pieces that have left the shelves.
async fn assert_reserved(shop: &Shop, orders: &[Value]) {
    let inventory = shop.http("inventory-service");
    let wishes = created(orders).into_values().map(|order| {
        json!({
            "orderId": order["id"], "productId": order["productId"], "quantity": order["quantity"],
        })
    });
    for_each_at_once(wishes.collect(), |wish| {
        let inventory = inventory.clone();
        async move {
            let answer = inventory.post("/inventory/reservations", &wish).await;
            assert_eq!(
                answer.status, 201,
                "{wish} holds no reservation: {answer:?}"
            );
            let reservation = answer.json();
            for field in ["orderId", "productId", "quantity"] {
                assert_eq!(reservation[field], wish[field]);
            }
        }
    })
    .await;
}

/// Every order that a client was told of is there as it was told, and every key leads to one
/// order at most, also those whose answers were lost.
async fn assert_keys_lead_to_orders(shop: &Shop, wishes: Vec<Wish>) {
    let before = shop.orders().await;
    let stored: BTreeMap<_, _> = before
        .iter()
        .map(|order| (order["id"].as_str().expect("an id"), order))
        .collect();
    assert_eq!(stored.len(), before.len(), "an order stands twice");
    for wish in &wishes {
        let Some(id) = &wish.order else { continue };
        let order = stored.get(id.as_str());
        let order = order.unwrap_or_else(|| panic!("an order is lost: {wish:?}"));
        assert_eq!(order["productId"], wish.product);
        assert_eq!(order["quantity"], wish.quantity);
        assert!(
            !wish.created || order["status"] == "CREATED",
            "{wish:?} is now {order}"
        );
    }
    // A key whose answers were all lost has its order too, or makes it now.
    let orders = shop.http("order-service");
    let answered = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    for_each_at_once(wishes, |mut wish| {
        let (orders, answered) = (orders.clone(), Arc::clone(&answered));
        async move {
            let answer = wish.place(&orders).await.expect("an answer");
            if answer.status == 201 {
                let order = wish.order.expect("an order");
                let first = answered.lock().expect("no panic").insert(order);
                assert!(first, "two keys have one order: {}", wish.key);
            } else {
                assert_eq!(answer.status, 409, "{answer:?}");
            }
        }
    })
    .await;
    let after = shop.orders().await;
    let created: BTreeSet<_> = created(&after).into_keys().map(str::to_owned).collect();
    assert_eq!(
        created,
        *answered.lock().expect("no panic"),
        "every order belongs to exactly one key"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_and_orders_agree_whichever_process_is_killed_at_whichever_moment() {
    let kills = from_environment("SHOP_KILLS")
        .map_or(KILLS, |kills| usize::try_from(kills).expect("a count"));
    let seed = from_environment("SHOP_SEED").unwrap_or_else(rand::random);
    eprintln!("{kills} kills; again with SHOP_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut shop = Shop::with(ShopOptions {
        without_frontend: true,
        ..ShopOptions::default()
    });
    for (product, stock) in SHELVES {
        shop.set_stock(product, u32::try_from(stock).expect("a stock"))
            .await;
    }
    let (load, mut clients) = (Arc::new(Load::default()), JoinSet::new());
    let address = shop.http("order-service").address();
    for client in 0..CLIENTS {
        let random = StdRng::seed_from_u64(random.random());
        clients.spawn(order_until_stopped(
            client,
            random,
            address,
            Arc::clone(&load),
        ));
    }
    let begun = Instant::now();
    kill_at_random(&mut shop, &mut random, kills, &load).await;
    load.stop.store(true, Ordering::Release);
    let wishes: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    let killing = begun.elapsed();

    let orders = all_settled(&shop).await;
    assert_stock_agrees(&shop, &orders).await;
    assert_reserved(&shop, &orders).await;
    assert_stock_agrees(&shop, &orders).await;
    let told = wishes.iter().filter(|wish| wish.created).count();
    let created = created(&orders).len();
    eprintln!(
        "{} wishes in {killing:?}: {told} answered 201, {} orders stored, {created} of them created",
        wishes.len(),
        orders.len(),
    );
    assert!(
        created > told || kills < KILLS,
        "no kill met an order on its way"
    );
    assert_keys_lead_to_orders(&shop, wishes).await;
    let orders = all_settled(&shop).await;
    assert_stock_agrees(&shop, &orders).await;
}
