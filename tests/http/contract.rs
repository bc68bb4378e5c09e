//! Every call of the contract's HTTP table, at each door that leads to it: the service itself,
//! the gateway, and the frontend server.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use axum::routing::post;
use axum::{Json, Router};
use harness::unharmed::{assert_reveals_nothing, assert_unharmed};
use harness::{Answer, Http, Process, Raw, Shop, serve};
use http::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

/// The products of the first start, byte by byte.
const SEEDS: &str = concat!(
    r#"[{"id":"product1","name":"Product 1","price":10.99},"#,
    r#"{"id":"product2","name":"Product 2","price":29.99},"#,
    r#"{"id":"product3","name":"Product 3","price":5.49}]"#
);

/// One way to a service.
struct Door {
    name: &'static str,
    http: Http,
    prefix: &'static str,
}

impl Door {
    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    async fn get(&self, path: &str) -> Answer {
        checked(self.http.get(&self.path(path)).await)
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        checked(self.http.post(&self.path(path), body).await)
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        checked(self.http.put(&self.path(path), body).await)
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        checked(self.http.send(method, &self.path(path), headers, "").await)
    }

    /// Follows a `Location`, which holds at the door that gave it.
    async fn follow(&self, answer: &Answer) -> Answer {
        let location = answer.header("location").expect("a Location");
        assert!(
            location.starts_with(&self.path("/")),
            "{}: {location}",
            self.name
        );
        checked(self.http.get(location).await)
    }
}

/// What holds for every answer.
fn checked(answer: Answer) -> Answer {
    assert_eq!(answer.trace_id().len(), 32);
    assert!(answer.header("x-request-id").is_some(), "{answer:?}");
    assert_reveals_nothing(&answer);
    answer
}

fn doors(shop: &Shop, service: &str) -> [Door; 3] {
    [
        ("the service", shop.http(service), ""),
        ("the gateway", shop.gateway(), "/api"),
        ("the frontend", shop.frontend(), "/api"),
    ]
    .map(|(name, http, prefix)| Door { name, http, prefix })
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_tells_its_health_and_its_metrics_on_both_paths() {
    let mut shop = Shop::start();
    let names: Vec<_> = shop.services().map(|s| s.name().to_owned()).collect();
    assert_eq!(names.len(), 5);
    for name in names {
        let http = shop.http(&name);
        let health = checked(http.get("/health").await);
        assert_eq!(
            (health.status.as_u16(), text(&health)),
            (200, r#"{"status":"UP"}"#)
        );
        assert_eq!(health.header("content-type"), Some("application/json"));
        for path in ["/actuator/prometheus", "/metrics"] {
            let metrics = checked(http.get(path).await);
            assert_eq!(metrics.status, 200, "{name} {path}");
            let info = format!(r#"app_info{{service="{name}""#);
            assert!(text(&metrics).contains(&info), "{name} {path}");
            let head = checked(http.send(Method::HEAD, path, &[], "").await);
            assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
            let post = checked(http.send(Method::POST, path, &[], "").await);
            post.problem(405);
            assert_eq!(post.header("allow"), Some("GET,HEAD"));
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_listed_found_and_added_at_every_door() {
    let shop = Shop::start();
    let doors = doors(&shop, "product-service");
    for door in &doors {
        let list = door.get("/products").await;
        assert_eq!(
            (list.status.as_u16(), text(&list)),
            (200, SEEDS),
            "{}",
            door.name
        );
        assert_eq!(list.header("content-type"), Some("application/json"));
        let one = door.get("/products/product2").await;
        assert_eq!(one.status, 200);
        assert_eq!(
            text(&one),
            r#"{"id":"product2","name":"Product 2","price":29.99}"#
        );
        door.get("/products/none").await.problem(404);
        let head = door.send(Method::HEAD, "/products/product2", &[]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), one.header("content-length"));
        let head = door.send(Method::HEAD, "/products/none", &[]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (404, 0));
    }
    let mut ids = BTreeSet::new();
    for door in &doors {
        let wish = json!({ "name": "찻잔 \"Blue\"", "price": 0.07 });
        let added = door.post("/products", &wish).await;
        assert_eq!(added.status, 201, "{}", door.name);
        assert!(text(&added).contains(r#""price":0.07"#), "{}", text(&added));
        let product = added.json();
        assert_eq!(product["name"], wish["name"]);
        assert!(
            ids.insert(product["id"].as_str().expect("an id").to_owned()),
            "a new id"
        );
        assert_eq!(door.follow(&added).await.json(), product, "{}", door.name);
        let list = door.get("/products").await.json();
        assert_eq!(list.as_array().expect("an array").last(), Some(&product));
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_listed_found_set_and_made_at_every_door() {
    let shop = Shop::start();
    let doors = doors(&shop, "inventory-service");
    for door in &doors {
        let list = door.get("/inventory").await;
        assert_eq!(list.status, 200);
        assert_eq!(
            text(&list),
            r#"{"product1":100,"product2":50,"product3":75}"#,
            "{}",
            door.name
        );
        let one = door.get("/inventory/product3").await;
        assert_eq!(
            (one.status.as_u16(), text(&one)),
            (200, r#"{"productId":"product3","quantity":75}"#)
        );
        door.get("/inventory/none").await.problem(404);
        let head = door.send(Method::HEAD, "/inventory", &[]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    }
    for (number, door) in doors.iter().enumerate() {
        for path in ["/inventory/product1", &format!("/inventory/new-{number}")] {
            let id = path.rsplit('/').next().expect("an id");
            for quantity in [0, 1_000_000_000, 7] {
                let set = door.put(path, &json!({ "quantity": quantity })).await;
                let level = json!({ "productId": id, "quantity": quantity });
                assert_eq!((set.status.as_u16(), set.json()), (200, level.clone()));
                assert_eq!(door.get(path).await.json(), level, "{}", door.name);
                assert_eq!(door.get("/inventory").await.json()[id], quantity);
            }
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_checked_reserved_once_and_given_back_once_inside_the_system() {
    let shop = Shop::start();
    let [door, ..] = doors(&shop, "inventory-service");
    let much = json!({ "productId": "product2", "quantity": 51 });
    let check = door.post("/inventory/check", &much).await;
    assert_eq!(check.status, 200);
    assert_eq!(
        check.json(),
        json!({ "productId": "product2", "requested": 51, "available": false, "currentStock": 50 })
    );
    let all = json!({ "productId": "product2", "quantity": 50 });
    let check = door.post("/inventory/check", &all).await;
    assert_eq!(check.json()["available"], true);
    let unknown = json!({ "orderId": "o", "productId": "none", "quantity": 1 });
    door.post("/inventory/check", &unknown).await.problem(404);
    door.post("/inventory/reservations", &unknown)
        .await
        .problem(404);

    let wish = json!({ "orderId": "order-1", "productId": "product2", "quantity": 20 });
    let reserved =
        json!({ "orderId": "order-1", "productId": "product2", "quantity": 20, "remaining": 30 });
    let stock = async || door.get("/inventory/product2").await.json()["quantity"].clone();
    for _ in 0..3 {
        let answer = door.post("/inventory/reservations", &wish).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (201, reserved.clone())
        );
        assert_eq!(stock().await, 30, "nothing is taken twice");
    }
    let short = json!({ "orderId": "order-2", "productId": "product2", "quantity": 31 });
    let problem = door
        .post("/inventory/reservations", &short)
        .await
        .problem(409);
    assert_eq!(problem["currentStock"], 30);
    assert_eq!(stock().await, 30);
    for _ in 0..3 {
        let path = "/inventory/reservations/order-1";
        let released = door.send(Method::DELETE, path, &[]).await;
        assert_eq!((released.status.as_u16(), released.body.len()), (204, 0));
        assert_eq!(stock().await, 50, "given back once");
    }
    let unknown = door
        .send(Method::DELETE, "/inventory/reservations/never", &[])
        .await;
    assert_eq!(unknown.status, 204);
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_the_system_only_is_unknown_outside() {
    let shop = Shop::start();
    let [_, gateway, frontend] = doors(&shop, "inventory-service");
    let wish = json!({ "orderId": "o", "productId": "product1", "quantity": 1 });
    for door in [gateway, frontend] {
        for path in ["/inventory/check", "/inventory/reservations"] {
            door.post(path, &wish).await.problem(404);
            door.put(path, &json!({ "quantity": 1 })).await.problem(404);
            door.get(path).await.problem(404);
        }
        for path in [
            "/inventory/reservations/o",
            "/inventory/product1/",
            "/health",
            "/metrics",
        ] {
            for method in [Method::GET, Method::DELETE, Method::POST] {
                door.send(method, path, &[]).await.problem(404);
            }
        }
    }
    assert_eq!(shop.stock("product1").await, 100);
    assert_eq!(
        shop.gateway()
            .get("/api/inventory")
            .await
            .json()
            .as_object()
            .map(serde_json::Map::len),
        Some(3)
    );
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_exact_to_the_cent_and_found_again_at_every_door() {
    let shop = Shop::start();
    for door in doors(&shop, "order-service") {
        let wish = json!({ "productId": "product1", "quantity": 3 });
        let answer = door.post("/orders", &wish).await;
        assert_eq!(answer.status, 201, "{}", door.name);
        assert!(
            text(&answer).contains(r#""quantity":3,"unitPrice":10.99,"totalPrice":32.97,"#),
            "{}",
            text(&answer)
        );
        let order = answer.json();
        let fields: BTreeSet<_> = order
            .as_object()
            .expect("an order")
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "id",
            "productId",
            "productName",
            "quantity",
            "unitPrice",
            "totalPrice",
            "status",
            "createdAt",
            "traceId",
        ];
        assert_eq!(fields, BTreeSet::from(expected));
        assert_eq!(
            (&order["productId"], &order["productName"], &order["status"]),
            (&json!("product1"), &json!("Product 1"), &json!("CREATED"))
        );
        assert_eq!(order["traceId"], answer.trace_id());
        let created_at = order["createdAt"].as_str().expect("a time");
        assert!(
            created_at.len() == "2026-11-24T08:15:30.123Z".len() && created_at.ends_with('Z'),
            "{created_at}"
        );
        assert_eq!(door.follow(&answer).await.json(), order, "{}", door.name);
        let id = order["id"].as_str().expect("an id");
        assert_eq!(
            text(&door.get(&format!("/orders/{id}")).await),
            text(&answer)
        );
        assert_eq!(
            door.get("/orders?limit=1").await.json(),
            json!([order]),
            "{}",
            door.name
        );
        door.get("/orders/none").await.problem(404);
        let head = door.send(Method::HEAD, &format!("/orders/{id}"), &[]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    }
    assert_eq!(shop.stock("product1").await, 91);
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_is_refused_as_the_contract_says() {
    let shop = Shop::start();
    for door in doors(&shop, "order-service") {
        let unknown = json!({ "productId": "none", "quantity": 1 });
        door.post("/orders", &unknown).await.problem(404);
        let much = json!({ "productId": "product2", "quantity": 51 });
        let problem = door.post("/orders", &much).await.problem(409);
        assert_eq!(problem["error"], "Insufficient inventory");
        assert_eq!(
            (&problem["currentStock"], &problem["requested"]),
            (&json!(50), &json!(51))
        );
        let new = json!({ "name": "No shelf", "price": 1 });
        let product = shop.gateway().post("/api/products", &new).await.json();
        let shelfless = json!({ "productId": product["id"], "quantity": 2 });
        let problem = door.post("/orders", &shelfless).await.problem(409);
        assert_eq!(
            (&problem["currentStock"], &problem["requested"]),
            (&json!(0), &json!(2))
        );
        for quantity in [
            json!(0),
            json!(10_001),
            json!(-1),
            json!(1.5),
            json!("1"),
            Value::Null,
        ] {
            let malformed = json!({ "productId": "product1", "quantity": quantity });
            door.post("/orders", &malformed).await.problem(400);
        }
        assert_eq!(text(&door.get("/orders").await), "[]", "{}", door.name);
    }
    assert_eq!(shop.stock("product1").await, 100);
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_a_repetition_harmless_at_every_door() {
    let shop = Shop::start();
    let wish = json!({ "productId": "product3", "quantity": 2 });
    let mut first: Option<Answer> = None;
    let doors = doors(&shop, "order-service");
    for door in &doors {
        let key = [("idempotency-key", "the same at all doors")];
        door.http
            .post_with(&door.path("/orders"), &key, &wish)
            .await
            .problem(400);
        let key = [("idempotency-key", "one-key")];
        let answer = checked(
            door.http
                .post_with(&door.path("/orders"), &key, &wish)
                .await,
        );
        assert_eq!(answer.status, 201);
        let first = first.get_or_insert_with(|| answer.clone());
        assert_eq!(
            answer.body, first.body,
            "the first order again, {}",
            door.name
        );
        let other = json!({ "productId": "product3", "quantity": 3 });
        let other = door
            .http
            .post_with(&door.path("/orders"), &key, &other)
            .await;
        checked(other).problem(422);
    }
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.stock("product3").await, 73);
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_paged_newest_first_at_every_door() {
    let shop = Shop::start();
    let mut newest_first = Vec::new();
    for _ in 0..51 {
        let order = shop.buy("product1", 1).await;
        assert_eq!(order.status, 201);
        newest_first.insert(0, order.json());
    }
    for door in doors(&shop, "order-service") {
        for limit in [7, 50, 51, 500] {
            let (mut found, mut pages) = (Vec::new(), 0);
            let mut path = format!("/orders?limit={limit}");
            loop {
                let page = door.get(&path).await;
                assert_eq!(page.status, 200);
                found.extend(page.json().as_array().expect("a page").iter().cloned());
                pages += 1;
                let Some(link) = page.header("link") else {
                    break;
                };
                let next = link
                    .strip_prefix(&format!("<{}", door.prefix))
                    .and_then(|link| link.strip_suffix(">; rel=\"next\""));
                path = next.unwrap_or_else(|| panic!("no link: {link}")).to_owned();
            }
            assert_eq!(found, newest_first, "limit {limit}, {}", door.name);
            assert_eq!(pages, 51_usize.div_ceil(limit), "no page is empty");
        }
        let page = door.get("/orders").await;
        assert_eq!(
            page.json().as_array().map(Vec::len),
            Some(50),
            "without a wish"
        );
        assert!(page.header("link").is_some());
        let after = newest_first[49]["id"].as_str().expect("an id");
        let last = door.get(&format!("/orders?after={after}")).await;
        assert_eq!(last.json(), json!([newest_first[50]]));
        for query in [
            "limit=0",
            "limit=501",
            "limit=-1",
            "limit=1.5",
            "limit=x",
            "limit=",
            "limit=1&limit=2",
            "limit=99999999999999999999",
            "after=none",
            "after=",
            "after=%00",
            "after=%ff",
        ] {
            door.get(&format!("/orders?{query}")).await.problem(400);
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_kept_when_well_formed_and_made_anew_otherwise() {
    let shop = Shop::start();
    for door in doors(&shop, "product-service") {
        let long = "x".repeat(128);
        for id in ["a", "A.b_c-9", long.as_str()] {
            let answer = door
                .send(Method::GET, "/products", &[("x-request-id", id)])
                .await;
            assert_eq!(answer.header("x-request-id"), Some(id), "{}", door.name);
        }
        let too_long = "x".repeat(129);
        let mut made = BTreeSet::new();
        for id in [
            b"".as_slice(),
            b"a b",
            b"a:b",
            b"<script>",
            b"\xff\xfe",
            b"a\tb",
            too_long.as_bytes(),
        ] {
            let mut raw = Raw::connect(door.http.address()).await;
            let head = format!(
                "GET {} HTTP/1.1\r\nhost: shop\r\nx-request-id: ",
                door.path("/products")
            );
            raw.send([head.as_bytes(), id, b"\r\n\r\n"].concat())
                .await
                .expect("sent");
            let answer = checked(raw.answer().await.expect("an answer"));
            assert_eq!(answer.status, 200);
            let id = answer.header("x-request-id").expect("an id");
            assert_eq!(id.len(), 36, "a UUID: {id}");
            assert!(made.insert(id.to_owned()), "a new one each time");
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_bears_its_ids_and_is_a_problem_at_every_door() {
    let shop = Shop::start();
    let big = format!("\"{}\"", "x".repeat(65 * 1024));
    for door in doors(&shop, "order-service") {
        let send = async |method: Method, path: &str, headers: &[(&str, &str)], body: &str| {
            let answer = door
                .http
                .send(method, &door.path(path), headers, body.to_owned())
                .await;
            checked(answer)
        };
        let cases = [
            (Method::POST, "/orders", "application/json", "{", 400),
            (Method::GET, "/orders?limit=0", "application/json", "", 400),
            (Method::GET, "/orders/none", "application/json", "", 404),
            (Method::GET, "/nothing", "application/json", "", 404),
            (Method::GET, "/orders/", "application/json", "", 404),
            (Method::DELETE, "/orders", "application/json", "", 405),
            (Method::PATCH, "/orders/none", "application/json", "", 405),
            (Method::POST, "/orders", "application/json", &big, 413),
            (Method::POST, "/orders", "text/plain", "{}", 415),
            (
                Method::POST,
                "/orders",
                "application/x-www-form-urlencoded",
                "a=b",
                415,
            ),
        ];
        for (method, path, content_type, body, status) in cases {
            let answer = send(
                method.clone(),
                path,
                &[("content-type", content_type)],
                body,
            )
            .await;
            let problem = answer.problem(status);
            let kind = problem["type"].as_str().expect("a URI");
            let page = shop.gateway().get(kind).await;
            assert_eq!(page.status, 200, "{kind} is explained: {page:?}");
            assert_eq!(
                answer.header("allow").is_some(),
                status == 405,
                "{method} {path}"
            );
        }
        let allow = |path: &'static str| {
            let answer = door.send(Method::PATCH, path, &[]);
            async move { answer.await.header("allow").map(str::to_owned) }
        };
        assert_eq!(allow("/orders").await.as_deref(), Some("GET,HEAD,POST"));
        assert_eq!(allow("/orders/none").await.as_deref(), Some("GET,HEAD"));
        // A body that has no type is not JSON.
        send(Method::POST, "/orders", &[], "{}").await.problem(415);
        // JSON by another name (RFC 6839) and with parameters is JSON.
        for json in [
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/vnd.shop+json",
        ] {
            send(Method::POST, "/orders", &[("content-type", json)], "{")
                .await
                .problem(400);
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_service_is_503_with_retry_after_and_a_slow_one_504() {
    let mut shop = Shop::start();
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let unavailable = |answer: Answer| {
        let answer = checked(answer);
        answer.problem(503);
        let seconds = answer.header("retry-after").expect("a time to try again");
        assert!(
            seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0),
            "{seconds}"
        );
    };
    shop.kill("product-service");
    for door in doors(&shop, "order-service") {
        unavailable(door.post("/orders", &wish).await);
        assert_eq!(text(&door.get("/orders").await), "[]", "nothing was stored");
    }
    unavailable(shop.gateway().get("/api/products").await);
    unavailable(shop.frontend().get("/api/products").await);
    shop.start_service("product-service");

    shop.service("inventory-service").signal(Signal::STOP);
    let begun = Instant::now();
    let (gateway, frontend) = (shop.gateway(), shop.frontend());
    let (gateway, frontend) = tokio::join!(
        gateway.get("/api/inventory"),
        frontend.get("/api/inventory")
    );
    checked(gateway).problem(504);
    checked(frontend).problem(504);
    let took = begun.elapsed();
    assert!(
        took > Duration::from_secs(9) && took < Duration::from_secs(12),
        "{took:?}"
    );
    shop.service("inventory-service").signal(Signal::CONT);

    shop.kill("order-service");
    unavailable(shop.gateway().post("/api/orders", &wish).await);
    shop.start_service("order-service");
    shop.kill("gateway-service");
    unavailable(shop.frontend().get("/api/products").await);
    shop.start_service("gateway-service");
    assert_unharmed(shop, &[503, 504]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_outcome_cannot_be_learned_is_202_and_pending() {
    // An inventory that says yes and then never answers: what it did cannot be known.
    let inventory = Router::new()
        .route("/inventory/check", post(async |Json(wish): Json<Value>| {
            Json(json!({ "productId": wish["productId"], "requested": wish["quantity"], "available": true, "currentStock": 9 }))
        }))
        .route("/inventory/reservations", post(std::future::pending::<()>));
    let address = serve(inventory).await;
    let shop = Shop::start();
    let mut environment = shop.environment("order-service");
    environment
        .retain(|(name, _)| !["PORT", "STATE_DIRECTORY", "INVENTORY_SERVICE_URL"].contains(name));
    environment.push(("STATE_DIRECTORY", shop.folder().join("other").into()));
    environment.push(("INVENTORY_SERVICE_URL", format!("http://{address}").into()));
    let orders = Process::start("order-service", &environment);
    let http = Http::new(orders.address());
    let wish = json!({ "productId": "product1", "quantity": 3 });
    let answer = checked(http.post("/orders", &wish).await);
    assert_eq!(answer.status, 202, "{}", text(&answer));
    let order = answer.json();
    assert_eq!(
        (&order["status"], &order["totalPrice"]),
        (&json!("PENDING"), &json!(32.97))
    );
    let found = http
        .get(answer.header("location").expect("a Location"))
        .await;
    assert_eq!(found.json(), order);
    assert_unharmed(shop, &[]).await;
}
