//! The metrics that a scraper sees: each family with its type and labels, each request counted
//! once, and nothing that a client can choose.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;

use harness::{Http, Process, Scrape, Shop, eventually};
use http::Method;
use serde_json::json;

/// A family: its name, its type, the labels of its samples (beside a histogram's `le`).
type Family = (&'static str, &'static str, &'static [&'static str]);

const SERVER_REQUESTS: &str = "http_server_requests_seconds";
const CLIENT_REQUESTS: &str = "http_client_requests_seconds";
const IN_FLIGHT: &str = "http_server_requests_in_flight";
const CIRCUIT: &str = "http_client_circuit_state";

/// The families of every service.
const COMMON: &[Family] = &[
    (
        SERVER_REQUESTS,
        "histogram",
        &["method", "outcome", "status", "uri"],
    ),
    (IN_FLIGHT, "gauge", &[]),
    ("http_server_queue_seconds", "histogram", &[]),
    ("http_server_requests_shed_total", "counter", &["priority"]),
    ("http_server_deadline_exceeded_total", "counter", &[]),
    ("app_info", "gauge", &["service", "version"]),
    ("identity_info", "gauge", &["id", "source"]),
    ("telemetry_spans_dropped_total", "counter", &[]),
    ("telemetry_logs_dropped_total", "counter", &[]),
    ("process_cpu_seconds_total", "counter", &[]),
    ("process_max_fds", "gauge", &[]),
    ("process_open_fds", "gauge", &[]),
    ("process_resident_memory_bytes", "gauge", &[]),
    ("process_start_time_seconds", "gauge", &[]),
    ("process_threads", "gauge", &[]),
    ("process_virtual_memory_bytes", "gauge", &[]),
    ("tokio_alive_tasks", "gauge", &[]),
    ("tokio_busy_seconds_total", "counter", &[]),
    ("tokio_global_queue_depth", "gauge", &[]),
    ("tokio_workers", "gauge", &[]),
];

/// The families of services that ask others.
const CLIENT: &[Family] = &[
    (
        CLIENT_REQUESTS,
        "histogram",
        &["method", "outcome", "peer", "status", "uri"],
    ),
    (CIRCUIT, "gauge", &["peer"]),
];
const WITH_PEERS: [&str; 3] = ["frontend", "gateway-service", "order-service"];

/// The families of services that have a store.
const STORE: &[Family] = &[
    ("store_commit_seconds", "histogram", &[]),
    ("store_commit_writes", "histogram", &[]),
    ("store_queue_writes", "gauge", &[]),
];
const WITH_STORE: [&str; 3] = ["product-service", "inventory-service", "order-service"];

/// What each service has beside [`COMMON`], [`CLIENT`] and [`STORE`].
const OWN: &[(&str, &[Family])] = &[
    ("frontend", &[("sign_in_enabled", "gauge", &[])]),
    ("gateway-service", &[("sign_in_enabled", "gauge", &[])]),
    ("product-service", &[]),
    (
        "inventory-service",
        &[("shop_stock_units", "gauge", &["product_id"])],
    ),
    (
        "order-service",
        &[
            ("shop_orders_total", "counter", &["result"]),
            ("shop_order_value_total", "counter", &[]),
            ("shop_order_settle_attempts_total", "counter", &["result"]),
            ("shop_orders_pending", "gauge", &[]),
            ("shop_orders_pending_oldest_seconds", "gauge", &[]),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_service_has_the_families_of_the_contract_and_no_other() {
    let shop = Shop::start();
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let answer = shop.frontend().post("/api/orders", &wish).await;
    assert_eq!(answer.status, 201);
    for (service, own) in OWN {
        let those = |families: &'static [Family], services: [&str; 3]| {
            if services.contains(service) {
                families
            } else {
                &[]
            }
        };
        let families: Vec<_> = [
            COMMON,
            those(CLIENT, WITH_PEERS),
            those(STORE, WITH_STORE),
            own,
        ]
        .concat();
        let scrape = eventually("every family has a sample", async || {
            let scrape = Scrape::of(&shop.http(service)).await;
            let missing = families
                .iter()
                .find(|(name, _, _)| !scrape.types.contains_key(*name));
            missing.map_or(Ok(scrape.clone()), |(name, _, _)| Err(*name))
        })
        .await;
        let expected: BTreeMap<_, _> = families
            .iter()
            .map(|(name, kind, _)| ((*name).to_owned(), (*kind).to_owned()))
            .collect();
        assert_eq!(scrape.types, expected, "{service}");
        for (name, kind, labels) in families {
            let found: BTreeSet<Vec<&str>> = scrape
                .samples()
                .filter(|(sample, _, _)| family_of(sample, kind) == name)
                .map(|(_, labels, _)| {
                    labels
                        .keys()
                        .map(String::as_str)
                        .filter(|l| *l != "le")
                        .collect()
                })
                .collect();
            assert_eq!(found, BTreeSet::from([labels.to_vec()]), "{service} {name}");
        }
        let info = [
            ("service", *service),
            ("version", env!("CARGO_PKG_VERSION")),
        ];
        assert_eq!(scrape.value("app_info", &info), Some(1.0), "{service}");
    }
}

fn family_of<'a>(sample: &'a str, kind: &str) -> &'a str {
    let suffixes = ["_bucket", "_count", "_sum"];
    let family = suffixes
        .iter()
        .find_map(|suffix| sample.strip_suffix(suffix));
    family.filter(|_| kind == "histogram").unwrap_or(sample)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_commit_of_a_store_is_counted_with_its_writes() {
    let shop = Shop::start();
    let orders = shop.http("order-service");
    let counted = async || {
        let scrape = Scrape::of(&orders).await;
        // As whole numbers.
        let count = |name| format!("{:.0}", scrape.value(name, &[]).expect("the family"));
        let count = |name| count(name).parse::<u32>().expect("a small number");
        let commits = count("store_commit_seconds_count");
        assert_eq!(commits, count("store_commit_writes_count"));
        assert_eq!(count("store_queue_writes"), 0);
        (commits, count("store_commit_writes_sum"))
    };
    let before = counted().await;
    for _ in 0..5 {
        assert_eq!(shop.buy("product1", 1).await.status, 201);
    }
    let after = counted().await;
    // Stored as PENDING, then as CREATED, each alone.
    assert_eq!((after.0 - before.0, after.1 - before.1), (10, 10));
    // A read does not commit.
    shop.orders().await;
    assert_eq!(counted().await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_paths_of_the_metrics_answer_the_same_families() {
    let shop = Shop::start();
    for (service, _) in OWN {
        let http = shop.http(service);
        let alias = http.get("/metrics").await;
        assert_eq!(alias.status, 200);
        assert_eq!(
            alias.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        let alias = Scrape::parse(std::str::from_utf8(&alias.body).expect("UTF-8"));
        // The first scrape of all has no request to tell of, not even itself.
        let mut types = Scrape::of(&http).await.types;
        types.remove(SERVER_REQUESTS);
        assert_eq!(alias.types, types, "{service}");
    }
}

/// A request of the next test: service, method, path, body, and as what it counts.
type Counted = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 4],
);

/// Method, route template, status and outcome of every kind of request.
#[rustfmt::skip] // a table: one request a line
const COUNTED: &[Counted] = &[
    ("product-service", "GET", "/products", "", ["GET", "/products", "200", "SUCCESS"]),
    ("product-service", "HEAD", "/products", "", ["HEAD", "/products", "200", "SUCCESS"]),
    ("product-service", "GET", "/products/product1?a=b", "", ["GET", "/products/{id}", "200", "SUCCESS"]),
    ("product-service", "GET", "/products/none", "", ["GET", "/products/{id}", "404", "CLIENT_ERROR"]),
    ("product-service", "POST", "/products", r#"{"name":"A","price":1}"#, ["POST", "/products", "201", "SUCCESS"]),
    ("product-service", "POST", "/products", "{", ["POST", "/products", "400", "CLIENT_ERROR"]),
    ("product-service", "DELETE", "/products", "", ["DELETE", "/products", "405", "CLIENT_ERROR"]),
    ("product-service", "BREW", "/products", "", ["_OTHER", "/products", "405", "CLIENT_ERROR"]),
    ("product-service", "BREW", "/coffee", "", ["_OTHER", "NOT_FOUND", "404", "CLIENT_ERROR"]),
    ("product-service", "GET", "/no/such/path", "", ["GET", "NOT_FOUND", "404", "CLIENT_ERROR"]),
    ("product-service", "GET", "/health", "", ["GET", "/health", "200", "SUCCESS"]),
    ("inventory-service", "GET", "/inventory", "", ["GET", "/inventory", "200", "SUCCESS"]),
    ("inventory-service", "PUT", "/inventory/product9", r#"{"quantity":1}"#, ["PUT", "/inventory/{id}", "200", "SUCCESS"]),
    ("inventory-service", "POST", "/inventory/check", r#"{"productId":"product1","quantity":1}"#,
     ["POST", "/inventory/check", "200", "SUCCESS"]),
    ("inventory-service", "POST", "/inventory/reservations", r#"{"orderId":"o1","productId":"product1","quantity":101}"#,
     ["POST", "/inventory/reservations", "409", "CLIENT_ERROR"]),
    ("inventory-service", "DELETE", "/inventory/reservations/o2", "", ["DELETE", "/inventory/reservations/{id}", "204", "SUCCESS"]),
    ("order-service", "GET", "/orders?limit=1", "", ["GET", "/orders", "200", "SUCCESS"]),
    ("order-service", "GET", "/orders/none", "", ["GET", "/orders/{id}", "404", "CLIENT_ERROR"]),
    ("order-service", "POST", "/orders", r#"{"productId":"product1","quantity":1}"#,
     ["POST", "/orders", "201", "SUCCESS"]),
    ("gateway-service", "GET", "/api/products/product1", "", ["GET", "/api/products/{id}", "200", "SUCCESS"]),
    ("gateway-service", "GET", "/api/openapi.json", "", ["GET", "/api/openapi.json", "200", "SUCCESS"]),
    ("gateway-service", "POST", "/api/orders", r#"{"productId":"none","quantity":1}"#,
     ["POST", "/api/orders", "404", "CLIENT_ERROR"]),
    ("gateway-service", "GET", "/products", "", ["GET", "NOT_FOUND", "404", "CLIENT_ERROR"]),
    ("frontend", "GET", "/api/orders", "", ["GET", "/api/orders", "200", "SUCCESS"]),
    ("frontend", "GET", "/config.json", "", ["GET", "/config.json", "200", "SUCCESS"]),
    ("frontend", "GET", "/assets/none.js", "", ["GET", "/assets/{*file}", "404", "CLIENT_ERROR"]),
    ("frontend", "GET", "/orders", "", ["GET", "/{*view}", "503", "SERVER_ERROR"]),
];

/// The count of each series of the answered requests, but for the scrapes themselves.
async fn counts(http: &Http) -> BTreeMap<[String; 4], f64> {
    let scrape = Scrape::of(http).await;
    let count = format!("{SERVER_REQUESTS}_count");
    let series = scrape.samples().filter(|(name, _, _)| *name == count);
    series
        .map(|(_, labels, value)| {
            (
                ["method", "uri", "status", "outcome"].map(|l| labels[l].clone()),
                *value,
            )
        })
        .filter(|(labels, _)| labels[1] != "/actuator/prometheus")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_counts_once_by_method_template_status_and_outcome() {
    let shop = Shop::start();
    for (service, method, path, body, labels) in COUNTED {
        let http = shop.http(service);
        let mut expected = counts(&http).await;
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        let headers = [("content-type", "application/json")];
        let answer = http.send(method.clone(), path, &headers, *body).await;
        assert_eq!(answer.status.as_str(), labels[2], "{method} {path}");
        *expected.entry(labels.map(str::to_owned)).or_default() += 1.0;
        // The count is written when the last byte has been handed over: a moment later.
        eventually(
            &format!("{service}: {method} {path} counts once"),
            async || {
                let counts = counts(&http).await;
                (counts == expected).then_some(()).ok_or(counts)
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_counted_until_it_ends_or_its_client_goes_away() {
    let state = tempfile::tempdir().expect("a folder");
    let product = Process::start(
        "product-service",
        &[("STATE_DIRECTORY", state.path().into())],
    );
    let http = Http::new(product.address());
    // The scrape sees itself.
    let in_flight = async |wanted: f64| {
        eventually("the gauge tells what is in flight", async || {
            let found = Scrape::of(&http).await.value(IN_FLIGHT, &[]);
            (found == Some(wanted)).then_some(()).ok_or(found)
        })
        .await;
    };
    in_flight(1.0).await;
    // Two requests whose bodies do not come.
    let message = "POST /products HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n";
    let mut held: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(product.address()).expect("a connection");
            stream.write_all(message.as_bytes()).expect("sent");
            stream
        })
        .collect();
    in_flight(3.0).await;
    held[0]
        .write_all(br#"{"name":"A","price":1}"#)
        .expect("sent");
    in_flight(2.0).await;
    // The other client goes away: no answer, but a count.
    held.clear();
    in_flight(1.0).await;
    let counts = counts(&http).await;
    let ended: Vec<_> = counts
        .iter()
        .map(|(labels, count)| (labels[2].as_str(), *count))
        .collect();
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(
        ended
            .iter()
            .all(|(_, count)| (count - 1.0).abs() < f64::EPSILON),
        "{ended:?}"
    );
    assert!(
        ended.iter().any(|(status, _)| *status == "201"),
        "{ended:?}"
    );
}

async fn client_count(service: &Http, labels: [&str; 5]) -> f64 {
    let pairs: Vec<_> = ["peer", "method", "uri", "status", "outcome"]
        .into_iter()
        .zip(labels)
        .collect();
    let scrape = Scrape::of(service).await;
    scrape
        .value(&format!("{CLIENT_REQUESTS}_count"), &pairs)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_to_a_peer_counts_once_and_so_does_one_without_an_answer() {
    let mut shop = Shop::start();
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    assert_eq!(shop.buy("none", 1).await.status, 404);
    assert_eq!(shop.frontend().get("/api/products").await.status, 200);
    shop.kill("inventory-service");
    assert_eq!(shop.buy("product1", 1).await.status, 503);
    assert_eq!(
        shop.gateway().get("/api/inventory/product1").await.status,
        503
    );
    let (product, inventory) = ("product-service", "inventory-service");
    let table = [
        (
            "gateway-service",
            ["order-service", "POST", "/orders", "201", "SUCCESS"],
            1.0,
        ),
        (
            "gateway-service",
            ["order-service", "POST", "/orders", "404", "CLIENT_ERROR"],
            1.0,
        ),
        (
            "gateway-service",
            ["order-service", "POST", "/orders", "503", "SERVER_ERROR"],
            1.0,
        ),
        (
            "gateway-service",
            ["product-service", "GET", "/products", "200", "SUCCESS"],
            1.0,
        ),
        (
            "gateway-service",
            [
                "inventory-service",
                "GET",
                "/inventory/{id}",
                "IO_ERROR",
                "UNKNOWN",
            ],
            1.0,
        ),
        (
            "order-service",
            [product, "GET", "/products/{id}", "200", "SUCCESS"],
            2.0,
        ),
        (
            "order-service",
            [product, "GET", "/products/{id}", "404", "CLIENT_ERROR"],
            1.0,
        ),
        (
            "order-service",
            [inventory, "POST", "/inventory/check", "200", "SUCCESS"],
            1.0,
        ),
        (
            "order-service",
            [inventory, "POST", "/inventory/check", "IO_ERROR", "UNKNOWN"],
            1.0,
        ),
        (
            "order-service",
            [
                inventory,
                "POST",
                "/inventory/reservations",
                "201",
                "SUCCESS",
            ],
            1.0,
        ),
        (
            "frontend",
            ["gateway-service", "GET", "/api/products", "200", "SUCCESS"],
            1.0,
        ),
    ];
    for (service, labels, wanted) in table {
        let http = shop.http(service);
        eventually(&format!("{service} {labels:?} is {wanted}"), async || {
            let found = client_count(&http, labels).await;
            ((found - wanted).abs() < f64::EPSILON)
                .then_some(())
                .ok_or(found)
        })
        .await;
    }
}

/// A word that no other round has.
fn word(round: u64) -> String {
    // Knuth's multiplicative hash: different for each round, the same in each run.
    format!(
        "w{:016x}",
        round
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1)
    )
}

/// One request of every kind that a client can make, with `word` wherever it can choose.
async fn round_of_a_client(shop: &Shop, word: &str) {
    let path = |path: &str| path.replace("{}", word);
    let headers = [
        ("content-type", "application/json"),
        ("user-agent", word),
        ("x-request-id", word),
        ("idempotency-key", word),
        ("referer", word),
        ("x-forwarded-for", word),
        ("baggage", &format!("{word}={word}")),
    ];
    let unknown = format!(r#"{{"productId":"{word}","quantity":1}}"#);
    let product = format!(r#"{{"name":"{word}","price":1}}"#);
    let method = Method::from_bytes(word.to_uppercase().as_bytes()).expect("a token");
    let through = [
        (Method::GET, "/{}", ""),
        (Method::GET, "/api/{}", ""),
        (Method::GET, "/api/products/{}", ""),
        (Method::GET, "/api/products?{}={}", ""),
        (Method::GET, "/api/inventory/{}", ""),
        (Method::PUT, "/api/inventory/{}", r#"{"quantity":3}"#),
        (Method::GET, "/api/orders/{}", ""),
        (Method::GET, "/api/orders?after={}", ""),
        (Method::POST, "/api/orders", unknown.as_str()),
        (Method::POST, "/api/products", product.as_str()),
        (method.clone(), "/api/products", ""),
        (method.clone(), "/{}", ""),
    ];
    for (method, template, body) in through {
        for http in [shop.gateway(), shop.frontend()] {
            http.send(method.clone(), &path(template), &headers, body.to_owned())
                .await;
        }
    }
    let check = format!(r#"{{"productId":"{word}-none","quantity":1}}"#);
    let reservation = format!(r#"{{"orderId":"{word}","productId":"{word}-none","quantity":1}}"#);
    let direct = [
        (
            "inventory-service",
            Method::POST,
            "/inventory/check",
            check.as_str(),
        ),
        (
            "inventory-service",
            Method::POST,
            "/inventory/reservations",
            reservation.as_str(),
        ),
        (
            "inventory-service",
            Method::DELETE,
            "/inventory/reservations/{}",
            "",
        ),
        ("product-service", method.clone(), "/{}", ""),
        ("order-service", method, "/orders/{}", ""),
        ("frontend", Method::GET, "/assets/{}.js", ""),
        ("frontend", Method::GET, "/traces/{}", ""),
        ("frontend", Method::GET, "/{}.png", ""),
    ];
    for (service, method, template, body) in direct {
        shop.http(service)
            .send(method, &path(template), &headers, body.to_owned())
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_can_choose_makes_a_series() {
    let shop = Shop::start();
    // The first rounds make every series that there is: also those of repeated keys and shelves.
    for round in 0..2 {
        round_of_a_client(&shop, &word(round)).await;
    }
    let mut before = BTreeMap::new();
    for (service, _) in OWN {
        // The first scrape makes the series of the scrape.
        Scrape::of(&shop.http(service)).await;
        let settled = eventually("nothing is under way", async || {
            let scrape = Scrape::of(&shop.http(service)).await;
            let busy = scrape.value(IN_FLIGHT, &[]);
            (busy == Some(1.0)).then_some(scrape).ok_or(busy)
        });
        before.insert(*service, series(&settled.await));
    }
    for round in 2..25 {
        round_of_a_client(&shop, &word(round)).await;
    }
    for (service, before) in before {
        let scrape = Scrape::of(&shop.http(service)).await;
        let new: Vec<_> = series(&scrape).difference(&before).cloned().collect();
        assert!(new.is_empty(), "{service}: {new:?}");
        let text = format!("{scrape:?}");
        for round in 0..25 {
            assert!(
                !text.to_lowercase().contains(&word(round)),
                "{service} tells a client's word"
            );
        }
    }
}

/// How many samples a service may expose, whatever clients send. The frontend server has the most, 440:
/// a histogram, some 20 lines, for each status that each route of its own and of the gateway answers
/// here, and 100 of the process, the runtime and the store. Twice as many leave room for those that
/// only a fault answers. Somebody is called above 5,000 (the alert `TooManySeries`).
const SAMPLES: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn after_thousands_of_words_each_service_has_as_few_series_as_its_routes_allow() {
    let shop = Shop::start();
    // Four clients at once, each with words of its own: 32 requests a round.
    let client = async |number: u64| {
        for round in 0..30 {
            round_of_a_client(&shop, &word(1000 * (1 + number) + round)).await;
        }
    };
    tokio::join!(client(0), client(1), client(2), client(3));
    for (service, _) in OWN {
        let scrape = Scrape::of(&shop.http(service)).await;
        // Each product that the shop stocks is to be seen.
        let products = scrape.label_values("shop_stock_units", "product_id").len();
        let samples = scrape.series() - products;
        assert!((100..SAMPLES).contains(&samples), "{service}: {samples}");
    }
}

fn series(scrape: &Scrape) -> BTreeSet<String> {
    scrape
        .samples()
        .map(|(name, labels, _)| format!("{name} {labels:?}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_circuit_to_a_peer_is_shown_open_while_it_is_dead_and_closed_when_it_is_back() {
    let mut shop = Shop::start();
    let orders = shop.http("order-service");
    let state = async |peer| Scrape::of(&orders).await.value(CIRCUIT, &[("peer", peer)]);
    for peer in ["product-service", "inventory-service"] {
        assert_eq!(
            state(peer).await,
            Some(0.0),
            "{peer}: closed from the start"
        );
    }
    shop.kill("inventory-service");
    eventually("the circuit is shown open", async || {
        shop.buy("product1", 1).await.problem(503);
        let state = state("inventory-service").await;
        (state == Some(2.0)).then_some(()).ok_or(state)
    })
    .await;
    assert_eq!(state("product-service").await, Some(0.0), "it answers");
    // Nobody asks any more: once the pause is over, the next request would pass.
    eventually("the circuit is shown half-open", async || {
        let state = state("inventory-service").await;
        (state == Some(1.0)).then_some(()).ok_or(state)
    })
    .await;

    shop.start_service("inventory-service");
    eventually("the circuit is shown closed", async || {
        let status = shop.buy("product1", 1).await.status;
        let state = state("inventory-service").await;
        (status == 201 && state == Some(0.0))
            .then_some(())
            .ok_or((status, state))
    })
    .await;
}
