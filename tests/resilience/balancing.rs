//! A peer with several instances: whichever of them fails, and however, no request does; none is sent twice
//! that must not be, and a peer in trouble is asked hardly more often than one that is well.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use harness::foreign::free_address;
use harness::stand_in::{Behaviour, StandIn};
use harness::{
    Answer, Http, Process, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, eventually,
};
use http::StatusCode;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::task::JoinSet;

const PRODUCTS: &str = "/products";
const ORDERS: &str = "/orders";
const RESERVATIONS: &str = "/inventory/reservations";
const CHECK: &str = "/inventory/check";

/// How many clients ask at once.
const CLIENTS: usize = 8;

/// A gateway before three instances of the product service, which are one service behind stand-ins.
struct Three {
    gateway: Process,
    _product: Process,
    instances: [StandIn; 3],
    _folder: tempfile::TempDir,
}

impl Three {
    async fn start(environment: &[(&'static str, OsString)]) -> Self {
        Self::with_weights([1, 1, 1], environment).await
    }

    async fn with_weights(weights: [u32; 3], environment: &[(&'static str, OsString)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let product = product_service(&folder);
        let mut instances = Vec::new();
        for _ in weights {
            let instance = StandIn::start().await;
            instance.stand_before(product.address());
            instances.push(instance);
        }
        let urls: Vec<_> = instances
            .iter()
            .zip(weights)
            .map(|(instance, weight)| format!("{};w={weight}", instance.url()))
            .collect();
        let environment = [
            &[("PRODUCT_SERVICE_URL", urls.join(",").into())],
            environment,
        ]
        .concat();
        Self {
            gateway: Process::start("gateway-service", &environment),
            _product: product,
            instances: instances.try_into().expect("three"),
            _folder: folder,
        }
    }

    fn http(&self) -> Http {
        Http::new(self.gateway.address())
    }

    fn arrived(&self, path: &str) -> [usize; 3] {
        self.instances
            .each_ref()
            .map(|instance| instance.arrived(path))
    }

    /// The state of an instance, as the gateway's metrics show it.
    async fn state(&self, index: usize) -> Option<f64> {
        let url = self.instances[index].url();
        let address = url.strip_prefix("http://").expect("a URL");
        let labels = [("peer", "product-service"), ("peer_instance", address)];
        let scrape = Scrape::of(&self.http()).await;
        scrape.value("http_client_instance_state", &labels)
    }

    async fn state_becomes(&self, index: usize, state: f64) {
        eventually("the state of the instance", async || {
            let found = self.state(index).await;
            if found == Some(state) {
                Ok(())
            } else {
                // A request is what tries an instance again.
                self.http().get("/api/products").await;
                Err(found)
            }
        })
        .await;
    }

    async fn retries(&self, outcome: &str) -> f64 {
        let labels = [("peer", "product-service"), ("outcome", outcome)];
        let scrape = Scrape::of(&self.http()).await;
        scrape.sum("http_client_retries_total", &labels)
    }
}

fn product_service(folder: &tempfile::TempDir) -> Process {
    let state = folder.path().join("product").into();
    Process::start("product-service", &[("STATE_DIRECTORY", state)])
}

/// Where nobody listens.
fn refusing() -> String {
    format!("http://{}", free_address())
}

/// Asks so often, by some clients at once; the answers.
async fn ask<F>(requests: usize, ask: impl Fn(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let (mut asking, mut answers) = (JoinSet::new(), Vec::new());
    for request in 0..requests {
        if asking.len() == CLIENTS {
            answers.push(asking.join_next().await.expect("one").expect("no panic"));
        }
        asking.spawn(ask(request));
    }
    answers.extend(asking.join_all().await);
    answers
}

async fn get_products(http: &Http, requests: usize) -> Vec<Answer> {
    ask(requests, |_| {
        let http = http.clone();
        async move { http.get("/api/products").await }
    })
    .await
}

fn assert_all(answers: &[Answer], status: u16) {
    for answer in answers {
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    }
}

fn logged(process: &Process, words: &str) -> usize {
    let log = process.log().into_iter();
    log.filter(|line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.contains(words))
    })
    .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_when_one_of_three_breaks_off_or_answers_503_at_once() {
    let unavailable = Behaviour::Answer(StatusCode::SERVICE_UNAVAILABLE, json!({}));
    for behaviour in [Behaviour::Break, Behaviour::LoseAnswer, unavailable] {
        let three = Three::start(&[]).await;
        three.instances[1].set(PRODUCTS, behaviour.clone());
        assert_all(&get_products(&three.http(), 300).await, 200);
        let [_, failing, _] = three.arrived(PRODUCTS);
        assert!((5..30).contains(&failing), "{behaviour:?}: {failing}");
        assert_eq!(logged(&three.gateway, "it is ejected"), 1);
        let retries = three.retries("succeeded").await;
        assert!((1.0..30.0).contains(&retries), "{retries}");
        assert!(three.retries("failed").await < 1.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_when_one_of_three_refuses_the_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let product = product_service(&folder);
    let instance = StandIn::start().await;
    instance.stand_before(product.address());
    let urls = format!(
        "http://{},{},{}",
        product.address(),
        instance.url(),
        refusing()
    );
    let gateway = Process::start("gateway-service", &[("PRODUCT_SERVICE_URL", urls.into())]);
    let http = Http::new(gateway.address());
    assert_all(&get_products(&http, 200).await, 200);
    // Nothing was sent, so that a request may be sent again that may not be repeated.
    let made = ask(30, |_| {
        let http = http.clone();
        let product = json!({ "name": "New", "price": 1.5 });
        async move { http.post("/api/products", &product).await }
    });
    assert_all(&made.await, 201);
    assert_eq!(logged(&gateway, "it is ejected"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_fails_when_one_of_three_hangs_or_is_slow() {
    const PATH: &str = "/products/product1";
    for behaviour in [Behaviour::Hang, Behaviour::Slow(Duration::from_millis(300))] {
        let instances = [
            StandIn::start().await,
            StandIn::start().await,
            StandIn::start().await,
        ];
        let urls = instances.each_ref().map(StandIn::url).join(",");
        let shop = Arc::new(Shop::with(ShopOptions {
            environment: vec![("PRODUCT_SERVICE_URL", urls)],
            without_frontend: true,
            ..ShopOptions::default()
        }));
        for instance in &instances {
            instance.stand_before(shop.http("product-service").address());
        }
        instances[0].set(PATH, behaviour);
        let answers = ask(90, |_| {
            let shop = Arc::clone(&shop);
            async move { shop.buy("product1", 1).await }
        });
        assert_all(&answers.await, 201);
        let [bad, good, well] = instances.each_ref().map(|instance| instance.arrived(PATH));
        assert!(bad < 20 && good > 20 && well > 20, "{bad} {good} {well}");
        assert_eq!(shop.stock("product1").await, 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_when_one_of_three_is_killed_amid_its_requests() {
    let folders = [(); 3].map(|()| tempfile::tempdir().expect("a folder"));
    let mut products = folders.each_ref().map(product_service);
    let urls = products
        .each_ref()
        .map(|product| format!("http://{}", product.address()));
    let gateway = Process::start(
        "gateway-service",
        &[("PRODUCT_SERVICE_URL", urls.join(",").into())],
    );
    let http = Http::new(gateway.address());
    let (stop, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (http, stop, asked) = (http.clone(), Arc::clone(&stop), Arc::clone(&asked));
        clients.spawn(async move {
            while !stop.load(Ordering::Acquire) {
                let answer = http.get("/api/products").await;
                assert_eq!(answer.status, 200, "{answer:?}");
                asked.fetch_add(1, Ordering::AcqRel);
            }
        });
    }
    let more = async |count: usize| {
        let before = asked.load(Ordering::Acquire);
        eventually("more requests are answered", async || {
            let more = asked.load(Ordering::Acquire) - before;
            if more > count { Ok(()) } else { Err(more) }
        })
        .await;
    };
    more(50).await;
    products[1].kill();
    more(200).await;
    stop.store(true, Ordering::Release);
    clients.join_all().await;
    assert_eq!(logged(&gateway, "it is ejected"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_peer_is_asked_at_most_a_fifth_more_often_than_there_are_requests() {
    const REQUESTS: usize = 200;
    let unavailable = Behaviour::Answer(StatusCode::SERVICE_UNAVAILABLE, json!({}));
    for (behaviour, status) in [(Behaviour::Break, 502), (unavailable, 503)] {
        let three = Three::start(&[]).await;
        for instance in &three.instances {
            instance.set(PRODUCTS, behaviour.clone());
        }
        assert_all(&get_products(&three.http(), REQUESTS).await, status);
        let arrived: usize = three.arrived(PRODUCTS).iter().sum();
        assert!(
            (REQUESTS..=REQUESTS * 12 / 10).contains(&arrived),
            "{behaviour:?}: {arrived}"
        );
        // All are asked although all are ejected, so that one that is well again is found at once.
        three.instances[2].set(PRODUCTS, Behaviour::Pass);
        eventually("an answer", async || {
            let answer = three.http().get("/api/products").await;
            if answer.status == 200 {
                Ok(())
            } else {
                Err(answer)
            }
        })
        .await;
        assert_all(&get_products(&three.http(), 20).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_sheds_load_is_asked_less_and_neither_ejected_nor_passed_over_by_a_retry()
{
    let three = Three::start(&[]).await;
    three.instances[0].set(PRODUCTS, Behaviour::NotNow);
    let answers = get_products(&three.http(), 300).await;
    let refused = answers.iter().filter(|answer| answer.status == 503).count();
    let [shedding, _, _] = three.arrived(PRODUCTS);
    assert!((1..30).contains(&shedding), "{shedding}");
    assert_eq!(
        refused, shedding,
        "what it refuses goes to the client, with its Retry-After"
    );
    assert_eq!(three.state(0).await, Some(0.0));
    assert!(three.retries("succeeded").await < 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_ejected_and_comes_back_and_log_and_metrics_say_so() {
    let three = Three::start(&[]).await;
    three.instances[0].set(PRODUCTS, Behaviour::Break);
    assert_eq!(three.state(0).await, Some(0.0));
    three.state_becomes(0, 2.0).await;
    assert_eq!(three.state(1).await, Some(0.0));
    let scrape = Scrape::of(&three.http()).await;
    let peer = [("peer", "product-service")];
    assert_eq!(scrape.value("http_client_circuit_state", &peer), Some(0.0));
    let budget = scrape.value("http_client_retry_budget", &peer);
    assert!(budget.is_some_and(|left| left < 15.0), "{budget:?}");
    assert_eq!(
        scrape
            .label_values("http_client_requests_in_flight", "peer_instance")
            .len(),
        3
    );
    let log = three.gateway.log();
    let url = three.instances[0].url();
    let ejected = log.iter().find(|line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.contains("it is ejected"))
    });
    let ejected = ejected.expect("a line");
    assert_eq!(ejected["level"], "WARN");
    assert_eq!(ejected["instance"], url.trim_start_matches("http://"));

    three.instances[0].set(PRODUCTS, Behaviour::Pass);
    three.state_becomes(0, 0.0).await;
    eventually("the line of its return", async || {
        let log = three.gateway.log();
        let back = log.iter().find(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.contains("no longer ejected"))
        });
        back.map(|line| assert_eq!(line["level"], "INFO")).ok_or(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_has_a_span_that_says_where_it_went_and_for_which_time() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let three = Three::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint().into()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20".into()),
    ])
    .await;
    three.instances[0].set(PRODUCTS, Behaviour::Break);
    let answer = eventually("a request that is sent twice", async || {
        let before = three.instances[0].arrived(PRODUCTS);
        let answer = three.http().get("/api/products").await;
        let after = three.instances[0].arrived(PRODUCTS);
        if after > before { Ok(answer) } else { Err(()) }
    })
    .await;
    assert_eq!(answer.status, 200);
    let attempts = eventually("a span of each attempt", async || {
        let mut spans = receiver.trace(&answer.trace_id());
        spans.retain(|record| record.span.name == "GET /products" && record.span.kind == 3);
        spans.sort_by_key(|record| record.span.start_time_unix_nano);
        if spans.len() == 2 {
            Ok(spans)
        } else {
            Err(spans.len())
        }
    })
    .await;
    let counts = attempts
        .iter()
        .map(|span| span.attribute("http.request.resend_count"));
    assert_eq!(counts.collect::<Vec<_>>(), [None, Some("1".to_owned())]);
    let ports: BTreeSet<_> = attempts
        .iter()
        .map(|span| span.attribute("server.port"))
        .collect();
    assert_eq!(ports.len(), 2, "{ports:?}");
    assert_eq!(
        attempts[0].attribute("error.type").as_deref(),
        Some("broken_off")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_gets_the_share_of_its_weight() {
    let three = Three::with_weights([50, 45, 5], &[]).await;
    assert_all(&get_products(&three.http(), 600).await, 200);
    let [first, second, canary] = three.arrived(PRODUCTS);
    assert!((8..=70).contains(&canary), "{canary}");
    assert!(first > 200 && second > 150, "{first} {second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_repeated_is_sent_once() {
    let three = Three::start(&[]).await;
    three.instances[0].set(PRODUCTS, Behaviour::LoseAnswer);
    let answers = ask(60, |_| {
        let http = three.http();
        let product = json!({ "name": "New", "price": 1.5 });
        // A key that nobody knows again makes no difference.
        let key = [("idempotency-key", "once")];
        async move { http.post_with("/api/products", &key, &product).await }
    })
    .await;
    let lost = answers.iter().filter(|answer| answer.status == 502).count();
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(lost > 0 && lost + made == 60, "{lost} {made}");
    assert_eq!(three.arrived(PRODUCTS).iter().sum::<usize>(), 60);
}

/// A shop whose gateway sees the order service at two addresses, and whose order service sees inventory at
/// three.
struct Cut {
    shop: Shop,
    orders: [StandIn; 2],
    inventories: [StandIn; 3],
}

impl Cut {
    async fn start() -> Self {
        let orders = [StandIn::start().await, StandIn::start().await];
        let inventories = [
            StandIn::start().await,
            StandIn::start().await,
            StandIn::start().await,
        ];
        let shop = Shop::with(ShopOptions {
            environment: vec![
                (
                    "ORDER_SERVICE_URL",
                    orders.each_ref().map(StandIn::url).join(","),
                ),
                (
                    "INVENTORY_SERVICE_URL",
                    inventories.each_ref().map(StandIn::url).join(","),
                ),
            ],
            without_frontend: true,
            ..ShopOptions::default()
        });
        for order in &orders {
            order.stand_before(shop.http("order-service").address());
        }
        for inventory in &inventories {
            inventory.stand_before(shop.http("inventory-service").address());
        }
        Self {
            shop,
            orders,
            inventories,
        }
    }

    async fn buy(gateway: Http, key: String) -> Answer {
        let order = json!({ "productId": "product1", "quantity": 1 });
        let key = [("idempotency-key", key.as_str())];
        gateway.post_with("/api/orders", &key, &order).await
    }

    /// Every order is settled, and stock and orders agree.
    async fn assert_nothing_was_sold_twice(&self, stock: u64, keys: usize) {
        let orders = eventually("no order is pending", async || {
            let orders = self.shop.orders().await;
            let pending = orders
                .iter()
                .filter(|order| order["status"] == "PENDING")
                .count();
            if pending == 0 {
                Ok(orders)
            } else {
                Err(pending)
            }
        })
        .await;
        let created = orders
            .iter()
            .filter(|order| order["status"] == "CREATED")
            .count();
        assert!(created <= keys, "{created} orders of {keys} keys");
        let left = self.shop.stock("product1").await;
        assert_eq!(left + created as u64, stock);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_a_key_is_sent_again_and_made_once() {
    let cut = Cut::start().await;
    cut.shop.set_stock("product1", 1000).await;
    cut.orders[0].set(ORDERS, Behaviour::LoseAnswer);
    let gateway = cut.shop.gateway();
    let answers = ask(60, |nth| Cut::buy(gateway.clone(), format!("key-{nth}"))).await;
    assert_all(&answers, 201);
    let arrived: usize = cut.orders.iter().map(|order| order.arrived(ORDERS)).sum();
    // The budget: ten retries at the start, and one for each five requests.
    assert!(arrived > 60 && arrived <= 60 + 10 + 12, "{arrived}");
    assert_eq!(cut.shop.orders().await.len(), 60);
    cut.assert_nothing_was_sold_twice(1000, 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_a_key_is_sent_once() {
    let cut = Cut::start().await;
    cut.orders[0].set(ORDERS, Behaviour::LoseAnswer);
    let gateway = cut.shop.gateway();
    let answers = ask(30, |_| {
        let gateway = gateway.clone();
        let order = json!({ "productId": "product1", "quantity": 1 });
        async move { gateway.post("/api/orders", &order).await }
    })
    .await;
    let lost = answers.iter().filter(|answer| answer.status == 502).count();
    assert!(lost > 0);
    let arrived: usize = cut.orders.iter().map(|order| order.arrived(ORDERS)).sum();
    assert_eq!(arrived, 30);
    cut.assert_nothing_was_sold_twice(100, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sold_twice_while_connections_are_cut_and_services_killed() {
    const KEYS: usize = 400;
    let mut cut = Cut::start().await;
    cut.shop.set_stock("product1", 1000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let cutter = tokio::spawn({
        let (orders, inventories) = (cut.orders.clone(), cut.inventories.clone());
        let stop = Arc::clone(&stop);
        let mut random = StdRng::seed_from_u64(12);
        async move {
            while !stop.load(Ordering::Acquire) {
                let behaviour = match random.random_range(0..6) {
                    0 => Behaviour::Break,
                    1 => Behaviour::LoseAnswer,
                    _ => Behaviour::Pass,
                };
                match random.random_range(0..3) {
                    0 => orders[random.random_range(0..2)].set(ORDERS, behaviour),
                    1 => inventories[random.random_range(0..3)].set(RESERVATIONS, behaviour),
                    _ => inventories[random.random_range(0..3)].set(CHECK, behaviour),
                }
                tokio::time::sleep(Duration::from_millis(random.random_range(1..20))).await;
            }
        }
    });
    let gateway = cut.shop.gateway();
    let buy = move |nth| Cut::buy(gateway.clone(), format!("key-{nth}"));
    let mut asking = tokio::spawn(ask(KEYS, buy.clone()));
    let answers = loop {
        let moment = Duration::from_millis(300);
        if let Ok(answers) = tokio::time::timeout(moment, &mut asking).await {
            break answers.expect("no panic");
        }
        for victim in ["inventory-service", "order-service"] {
            cut.shop.kill(victim);
            cut.shop.start_service(victim);
        }
    };
    stop.store(true, Ordering::Release);
    cutter.await.expect("no panic");
    for answer in &answers {
        let status = answer.status.as_u16();
        assert!([201, 202, 502, 503].contains(&status), "{answer:?}");
    }
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    // How many depends on how fast this machine starts the two again.
    assert!(made > 0);
    for order in &cut.orders {
        order.set(ORDERS, Behaviour::Pass);
    }
    for inventory in &cut.inventories {
        inventory.set(RESERVATIONS, Behaviour::Pass);
        inventory.set(CHECK, Behaviour::Pass);
    }
    cut.assert_nothing_was_sold_twice(1000, KEYS).await;
    // Each key leads to one order, however often it has been sent.
    let again = ask(KEYS, buy).await;
    assert_all(&again, 201);
    let ids: BTreeSet<_> = again
        .iter()
        .map(|answer| answer.json()["id"].to_string())
        .collect();
    assert_eq!(ids.len(), KEYS);
    cut.assert_nothing_was_sold_twice(1000, KEYS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_the_only_instance_is_sent_again_when_the_connection_broke() {
    let product = StandIn::start().await;
    let shop = Shop::with(ShopOptions {
        environment: vec![("PRODUCT_SERVICE_URL", product.url())],
        without_frontend: true,
        ..ShopOptions::default()
    });
    let path = "/products/product1";
    product.stand_before(shop.http("product-service").address());
    product.set(path, Behaviour::Break);
    let order = shop.http("order-service");
    let wish = json!({ "productId": "product1", "quantity": 1 });
    assert_eq!(order.post("/orders", &wish).await.status, 503);
    assert_eq!(
        product.arrived(path),
        2,
        "a question does no harm, and is asked twice at most"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_says_how_much_time_it_has_and_no_client_says_it_for_us() {
    let cut = Cut::start().await;
    let gateway = cut.shop.gateway();
    let order = json!({ "productId": "product1", "quantity": 1 });
    let wish = [("x-request-deadline-ms", "99999999")];
    let answer = gateway.post_with("/api/orders", &wish, &order).await;
    assert_eq!(answer.status, 201);
    let left = |stand_ins: &[StandIn], path: &str| {
        let mut heads = stand_ins
            .iter()
            .filter_map(|stand_in| stand_in.headers(path));
        let head = heads.next().expect("a request");
        let values: Vec<_> = head.get_all("x-request-deadline-ms").iter().collect();
        assert_eq!(values.len(), 1, "{values:?}");
        let text = values[0].to_str().expect("digits");
        text.parse::<u64>().expect("milliseconds")
    };
    let (order, check) = (left(&cut.orders, ORDERS), left(&cut.inventories, CHECK));
    let reserve = left(&cut.inventories, RESERVATIONS);
    assert!(order <= 10_000 && order > 1000, "{order}");
    assert!(check <= 2000 && reserve <= 1500, "{check} {reserve}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hop_has_less_time_than_the_one_before_and_none_is_asked_when_it_is_over() {
    const PRODUCT: &str = "/products/product1";
    let product = StandIn::start().await;
    let inventory = StandIn::start().await;
    let order = StandIn::start().await;
    let shop = Shop::with(ShopOptions {
        environment: vec![
            ("PRODUCT_SERVICE_URL", product.url()),
            ("INVENTORY_SERVICE_URL", inventory.url()),
            ("ORDER_SERVICE_URL", order.url()),
        ],
        without_frontend: true,
        ..ShopOptions::default()
    });
    product.stand_before(shop.http("product-service").address());
    inventory.stand_before(shop.http("inventory-service").address());
    order.stand_before(shop.http("order-service").address());
    let gateway = shop.gateway();
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let within = async |milliseconds| {
        let wait = [("x-request-deadline-ms", milliseconds)];
        gateway.post_with("/api/orders", &wait, &wish).await
    };
    product.set(PRODUCT, Behaviour::Slow(Duration::from_millis(50)));
    assert_eq!(within("1900").await.status, 201);
    let left = |peer: &StandIn, path: &str| {
        let head = peer.headers(path).expect("a request");
        let text = head["x-request-deadline-ms"].to_str().expect("digits");
        text.parse::<u64>().expect("milliseconds")
    };
    let hops = [
        left(&order, ORDERS),
        left(&product, PRODUCT),
        left(&inventory, CHECK),
    ];
    assert!(hops[0] <= 1900 && hops[1] <= hops[0], "{hops:?}");
    assert!(
        hops[2] + 50 <= hops[1],
        "the look at the product took its time: {hops:?}"
    );

    product.set(PRODUCT, Behaviour::Slow(Duration::from_secs(1)));
    let checks = inventory.arrived(CHECK);
    within("400").await.problem(504);
    shop.has_failed_orders(1.0).await;
    assert_eq!(inventory.arrived(CHECK), checks, "nobody waits for it");
    assert_eq!(shop.orders().await.len(), 1);
    let orders = order.arrived(ORDERS);
    within("0").await.problem(504);
    assert_eq!(order.arrived(ORDERS), orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_wrong_are_refused_at_the_start_with_what_is_wrong() {
    for (urls, words) in [
        ("http://a:1,b", "\"b\" is not an address"),
        ("http://a:1;w=0", "from 1 to 1000"),
        ("http://a:1,http://a:1", "appears twice"),
    ] {
        let mut gateway = Process::spawn(
            &harness::binary("gateway-service"),
            "gateway-service",
            &[],
            &[("PRODUCT_SERVICE_URL", urls.into())],
        );
        assert!(!gateway.wait(Duration::from_secs(30)).success());
        let errors = gateway.errors();
        assert!(errors.contains(words), "{errors}");
    }
}
