//! Who may do what, where people sign in: every route for everybody, tokens that are not to be
//! accepted, owners of orders, and limits.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::issuer::{CLIENT, Key, now};
use harness::{
    Answer, Http, Issuer, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, eventually,
};
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// A shop whose gateway trusts an issuer.
async fn shop_with_sign_in() -> (Shop, Issuer) {
    let issuer = Issuer::start().await;
    (shop_of(&issuer, &[]), issuer)
}

fn shop_of(issuer: &Issuer, further: &[(&'static str, &str)]) -> Shop {
    let further = further
        .iter()
        .map(|&(name, value)| (name, value.to_owned()));
    let environment = [
        ("OIDC_ISSUER", issuer.url()),
        ("OIDC_CUSTOMERS", "customer".to_owned()),
        ("REQUIRE_PERSON", "1".to_owned()),
    ];
    Shop::with(ShopOptions {
        environment: environment.into_iter().chain(further).collect(),
        without_frontend: true,
        ..ShopOptions::default()
    })
}

async fn send(
    http: &Http,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: &Value,
) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = Vec::new();
    headers.extend(
        bearer
            .as_ref()
            .map(|value| ("authorization", value.as_str())),
    );
    let body = if body.is_null() {
        String::new()
    } else {
        headers.push(("content-type", "application/json"));
        body.to_string()
    };
    http.send(method, path, &headers, body).await
}

async fn list(http: &Http, token: &str) -> Answer {
    send(http, Some(token), Method::GET, "/api/orders", &Value::Null).await
}

async fn buy(http: &Http, token: &str) -> Value {
    let body = json!({ "productId": "product1", "quantity": 1 });
    let answer = send(http, Some(token), Method::POST, "/api/orders", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// What nobody, a stranger without a role, a customer, another customer and an operator are answered.
const ROUTES: &[(&str, &str, [u16; 5])] = &[
    ("GET", "/api/products", [200, 200, 200, 200, 200]),
    ("GET", "/api/products/product1", [200, 200, 200, 200, 200]),
    ("POST", "/api/products", [401, 403, 403, 403, 201]),
    ("GET", "/api/inventory", [200, 200, 200, 200, 200]),
    ("GET", "/api/inventory/product1", [200, 200, 200, 200, 200]),
    ("PUT", "/api/inventory/product2", [401, 403, 403, 403, 200]),
    ("GET", "/api/orders", [401, 403, 200, 200, 200]),
    ("GET", "/api/orders/{own}", [401, 403, 200, 404, 200]),
    ("POST", "/api/orders", [401, 403, 201, 201, 201]),
    ("GET", "/api/openapi.json", [200, 200, 200, 200, 200]),
    ("GET", "/api/problems/forbidden", [200, 200, 200, 200, 200]),
    ("GET", "/health", [200, 200, 200, 200, 200]),
    ("GET", "/metrics", [200, 200, 200, 200, 200]),
    ("GET", "/actuator/prometheus", [200, 200, 200, 200, 200]),
    ("GET", "/api/unknown", [404, 404, 404, 404, 404]),
    (
        "POST",
        "/api/inventory/reservations",
        [404, 404, 404, 404, 404],
    ),
    ("POST", "/api/inventory/check", [404, 404, 404, 404, 404]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_route_admits_exactly_the_roles_of_the_table_and_of_the_document() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let customer = issuer.token("ann", &["customer"]);
    let people = [
        None,
        Some(issuer.token("eve", &["guests"])),
        Some(customer.clone()),
        Some(issuer.token("bob", &["customer"])),
        Some(issuer.token("ops", &["operator"])),
    ];
    let own = buy(&gateway, &customer).await;
    let own = own["id"].as_str().expect("an id");
    let document = gateway.get("/api/openapi.json").await.json();
    assert_eq!(
        document["components"]["securitySchemes"]["signIn"],
        json!({
            "type": "openIdConnect",
            "openIdConnectUrl": format!("{}/.well-known/openid-configuration", issuer.url())
        })
    );
    let mut seen = BTreeSet::new();
    for (method, path, expected) in ROUTES {
        let body = match *path {
            "/api/orders" if *method == "POST" => json!({ "productId": "product1", "quantity": 1 }),
            "/api/products" if *method == "POST" => json!({ "name": "New", "price": 1 }),
            "/api/inventory/product2" => json!({ "quantity": 5 }),
            _ => Value::Null,
        };
        let target = path.replace("{own}", own);
        for (person, status) in people.iter().zip(expected) {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = send(&gateway, person.as_deref(), method, &target, &body).await;
            assert_eq!(
                answer.status.as_u16(),
                *status,
                "{path} {person:?}: {answer:?}"
            );
            match status {
                401 => assert_eq!(answer.header("www-authenticate"), Some("Bearer")),
                403 => drop(answer.problem(403)),
                _ => {}
            }
        }
        // The document asks for the lowest role that is admitted.
        let template = path.replace("{own}", "{id}").replace("product1", "{id}");
        let template = template
            .replace("product2", "{id}")
            .replace("forbidden", "{kind}");
        let operation = &document["paths"][&template][method.to_lowercase()];
        if operation.is_null() {
            assert!(
                expected.iter().all(|&status| status == 404),
                "{method} {path} is not described"
            );
            continue;
        }
        seen.insert(operation["operationId"].as_str().expect("an id").to_owned());
        let security = match expected {
            [401, 403, 403, 403, _] => json!([{ "signIn": ["operator"] }]),
            [401, 403, ..] => json!([{ "signIn": ["customer"] }]),
            _ => Value::Null,
        };
        assert_eq!(operation["security"], security, "{method} {path}");
        for status in ["401", "403", "429"] {
            let named = operation["responses"][status].is_object();
            assert_eq!(named, !security.is_null(), "{method} {path} {status}");
        }
    }
    let described = document["paths"].as_object().expect("paths").values();
    let described: BTreeSet<_> = described
        .flat_map(|item| item.as_object().expect("operations").values())
        .map(|operation| operation["operationId"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(seen, described, "the table here is not whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_meets_only_the_own_orders_and_an_operator_all() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let (ann, bob) = (
        issuer.token("ann", &["customer"]),
        issuer.token("bob", &["customer"]),
    );
    let ops = issuer.token("ops", &["operator"]);
    let (of_ann, of_bob) = (buy(&gateway, &ann).await, buy(&gateway, &bob).await);
    let of_ops = buy(&gateway, &ops).await;
    assert_eq!(list(&gateway, &ann).await.json(), json!([of_ann]));
    assert_eq!(list(&gateway, &bob).await.json(), json!([of_bob]));
    assert_eq!(
        list(&gateway, &ops).await.json(),
        json!([of_ops, of_bob, of_ann])
    );
    // The same person with a new token, and another person of that name at another issuer, which is
    // nobody here.
    assert_eq!(
        list(&gateway, &issuer.token("ann", &["customer"]))
            .await
            .json(),
        json!([of_ann])
    );
    let path = format!(
        "/api/orders?after={}",
        of_bob["id"].as_str().expect("an id")
    );
    let after = send(&gateway, Some(&ann), Method::GET, &path, &Value::Null).await;
    let nowhere = send(
        &gateway,
        Some(&ann),
        Method::GET,
        "/api/orders?after=none",
        &Value::Null,
    )
    .await;
    assert_eq!(after.problem(400)["detail"], nowhere.problem(400)["detail"]);
    // What is answered of another's order is what is answered of none.
    let path = format!("/api/orders/{}", of_bob["id"].as_str().expect("an id"));
    let theirs = send(&gateway, Some(&ann), Method::GET, &path, &Value::Null)
        .await
        .problem(404);
    let none = send(
        &gateway,
        Some(&ann),
        Method::GET,
        "/api/orders/none",
        &Value::Null,
    )
    .await
    .problem(404);
    for field in ["type", "title", "detail"] {
        assert_eq!(theirs[field], none[field]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_idempotency_key_reveals_no_order() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let body = json!({ "productId": "product1", "quantity": 1 });
    let buy = async |subject: &str, quantity: u32| {
        let bearer = format!("Bearer {}", issuer.token(subject, &["customer"]));
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", "the-same"),
        ];
        let mut body = body.clone();
        body["quantity"] = quantity.into();
        gateway.post_with("/api/orders", &headers, &body).await
    };
    let (ann, bob) = (buy("ann", 1).await, buy("bob", 2).await);
    assert_eq!(
        (ann.status.as_u16(), bob.status.as_u16()),
        (201, 201),
        "{bob:?}"
    );
    assert_ne!(ann.json()["id"], bob.json()["id"]);
    assert_eq!(buy("ann", 1).await.json(), ann.json());
    assert_eq!(buy("bob", 1).await.problem(422)["status"], 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_names_themselves_by_the_header_of_the_gateway() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let (ann, bob) = (
        issuer.token("ann", &["customer"]),
        issuer.token("bob", &["customer"]),
    );
    buy(&gateway, &ann).await;
    let forged = format!("operator {}", "0".repeat(32));
    let bearer = format!("Bearer {bob}");
    for headers in [
        vec![("authorization", bearer.as_str()), ("x-person", &forged)],
        vec![
            ("authorization", bearer.as_str()),
            ("X-Person", &forged),
            ("connection", "x-person"),
        ],
    ] {
        let answer = gateway.send(Method::GET, "/api/orders", &headers, "").await;
        assert_eq!(answer.json(), json!([]), "{headers:?}");
    }
    let headers = [("x-person", forged.as_str())];
    gateway
        .send(Method::GET, "/api/orders", &headers, "")
        .await
        .problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_passed_the_gateway_sees_no_order() {
    let (shop, issuer) = shop_with_sign_in().await;
    let order = buy(&shop.gateway(), &issuer.token("ann", &["customer"])).await;
    let orders = shop.http("order-service");
    orders.get("/orders").await.problem(401);
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    orders.get(&path).await.problem(401);
    let body = json!({ "productId": "product1", "quantity": 1 });
    orders.post("/orders", &body).await.problem(401);
}

/// A token whose header and claims are what a test wants, and whose signature is these bytes.
fn raw(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(header),
        part(claims),
        URL_SAFE_NO_PAD.encode(signature)
    )
}

/// A token by a secret.
fn by_secret(algorithm: Algorithm, kid: &str, claims: &Value, secret: &[u8]) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).expect("a token")
}

/// Claims with some of them changed; null takes one away.
fn with(claims: &Value, changes: &Value) -> Value {
    let mut claims = claims.clone();
    let map = claims.as_object_mut().expect("claims");
    for (name, value) in changes.as_object().expect("changes") {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// Tokens that are not to be accepted, each with the word for it.
fn bad_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let key = issuer.key();
    let good = issuer.claims("ann", &["customer"]);
    let token = key.sign(&good);
    let foreign = Key::new(&key.kid);
    let (head, signature) = token.rsplit_once('.').expect("a signature");
    let public = key.public().to_string();
    let header = json!({ "alg": "ES256", "kid": key.kid, "typ": "JWT" });
    let signed = |changes: Value| key.sign(&with(&good, &changes));
    let hour = 3600;
    let other_groups = with(&good, &json!({ "groups": ["operator"] }));
    let altered = format!(
        "{}.{signature}",
        raw(&header, &other_groups, b"").trim_end_matches('.')
    );
    vec![
        ("signature", foreign.sign(&good)),
        ("signature", altered),
        (
            "signature",
            format!("{head}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        ),
        ("algorithm", raw(&json!({ "alg": "none" }), &good, b"")),
        (
            "algorithm",
            raw(&json!({ "alg": "NONE", "kid": key.kid }), &good, b""),
        ),
        (
            "algorithm",
            by_secret(Algorithm::HS256, &key.kid, &good, public.as_bytes()),
        ),
        (
            "algorithm",
            by_secret(Algorithm::HS512, &key.kid, &good, b""),
        ),
        (
            "algorithm",
            raw(&json!({ "alg": "RS256", "kid": key.kid }), &good, &[0; 256]),
        ),
        (
            "algorithm",
            raw(&json!({ "alg": "ES384", "kid": key.kid }), &good, &[0; 96]),
        ),
        ("unknown_key", Key::new("another").sign(&good)),
        ("issuer", signed(json!({ "iss": "https://issuer.test" }))),
        (
            "issuer",
            signed(json!({ "iss": format!("{}/", issuer.url()) })),
        ),
        ("audience", signed(json!({ "aud": "another" }))),
        ("audience", signed(json!({ "aud": ["another", "grafana"] }))),
        ("audience", signed(json!({ "aud": [] }))),
        ("expired", signed(json!({ "exp": now() - hour }))),
        ("not_yet_valid", signed(json!({ "nbf": now() + hour }))),
        ("malformed", signed(json!({ "exp": null }))),
        ("malformed", signed(json!({ "exp": "never" }))),
        ("malformed", signed(json!({ "aud": null }))),
        ("malformed", signed(json!({ "iss": null }))),
        ("malformed", signed(json!({ "sub": null }))),
        (
            "malformed",
            raw(
                &json!({ "alg": "ES256", "kid": key.kid, "crit": ["x"], "x": 1 }),
                &good,
                &[0; 64],
            ),
        ),
        (
            "malformed",
            raw(
                &json!({ "alg": "ES256", "kid": key.kid, "typ": "logout+jwt" }),
                &good,
                &[0; 64],
            ),
        ),
        ("malformed", head.to_owned()),
        ("malformed", "a.b.c".to_owned()),
        ("malformed", format!("{token}.{token}")),
        ("malformed", "a".repeat(9000)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_service_asks_for_a_token_who_has_not_passed_the_gateway() {
    let (shop, _issuer) = shop_with_sign_in().await;
    let answer = shop.http("order-service").get("/orders").await;
    answer.problem(401);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_of_the_issuer_for_us_and_of_now_is_refused_and_counted() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let good = issuer.claims("ann", &["customer"]);
    let signed = |changes: Value| issuer.key().sign(&with(&good, &changes));
    assert_eq!(list(&gateway, &signed(json!({}))).await.status, 200);
    for (result, token) in bad_tokens(&issuer) {
        let before = Scrape::of(&gateway)
            .await
            .sum("access_checks_total", &[("result", result)]);
        let answer = list(&gateway, &token).await;
        assert_eq!(answer.status, 401, "{result}: {token}: {answer:?}");
        answer.problem(401);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer error=\"invalid_token\"")
        );
        let after = Scrape::of(&gateway)
            .await
            .sum("access_checks_total", &[("result", result)]);
        assert!(
            (after - before - 1.0).abs() < 0.1,
            "{result} is not counted: {token}"
        );
    }
    for header in ["Basic YTpi", "Bearer", "", "bearer"] {
        let headers = [("authorization", header)];
        let answer = gateway.send(Method::GET, "/api/orders", &headers, "").await;
        assert_eq!(answer.problem(401)["status"], 401, "{header}");
    }
    // Those that differ only in what does not matter.
    for changes in [
        json!({ "aud": ["another", CLIENT] }),
        json!({ "nbf": now() - 3600 }),
        json!({ "iat": null }),
    ] {
        assert_eq!(
            list(&gateway, &signed(changes.clone())).await.status,
            200,
            "{changes}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_cut_or_changed_anywhere_is_never_accepted() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let token = issuer.token("ann", &["customer"]);
    for position in (0..token.len()).step_by(7) {
        let mut changed = token.clone().into_bytes();
        changed[position] = if changed[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        let changed = String::from_utf8(changed).expect("letters");
        for bad in [&changed, &token[..position]] {
            assert_eq!(list(&gateway, bad).await.status, 401, "{position}: {bad}");
        }
    }
    assert_eq!(list(&gateway, &token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_accepted_ends_with_its_time_and_with_its_key() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let old = issuer.token("ann", &["customer"]);
    assert_eq!(list(&gateway, &old).await.status, 200);
    // Ten seconds are allowed for clocks that differ.
    let short = with(
        &issuer.claims("bob", &["customer"]),
        &json!({ "exp": now() - 8 }),
    );
    let short = issuer.key().sign(&short);
    assert_eq!(list(&gateway, &short).await.status, 200);
    eventually("a remembered token expires", async || {
        match list(&gateway, &short).await.status.as_u16() {
            401 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    issuer.rotate("second");
    let new = issuer.token("ann", &["customer"]);
    eventually("a new key is known", async || {
        match list(&gateway, &new).await.status.as_u16() {
            200 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    assert_eq!(
        list(&gateway, &old).await.status,
        401,
        "the key is withdrawn"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invented_key_ids_make_no_flood_at_the_issuer() {
    let (shop, issuer) = shop_with_sign_in().await;
    let gateway = shop.gateway();
    let good = issuer.token("ann", &["customer"]);
    assert_eq!(list(&gateway, &good).await.status, 200);
    let (before, begun) = (issuer.asked(), std::time::Instant::now());
    let claims = issuer.claims("ann", &["customer"]);
    let header = |id: usize| json!({ "alg": "ES256", "kid": id.to_string() });
    for id in 0..200 {
        assert_eq!(
            list(&gateway, &raw(&header(id), &claims, &[0; 64]))
                .await
                .status,
            401
        );
    }
    // One in two seconds, and one at the start.
    let allowed = 1 + usize::try_from(begun.elapsed().as_secs() / 2).expect("a number");
    assert!(
        issuer.asked() - before <= allowed,
        "{} of {allowed}",
        issuer.asked() - before
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_issuer_is_away_what_is_known_is_enough_and_the_rest_is_503() {
    let issuer = Issuer::start().await;
    issuer.be_away(true);
    let shop = shop_of(&issuer, &[]);
    let gateway = shop.gateway();
    let token = issuer.token("ann", &["customer"]);
    assert_eq!(gateway.get("/api/products").await.status, 200);
    let answer = list(&gateway, &token).await;
    answer.problem(503);
    assert!(answer.header("retry-after").is_some());
    issuer.be_away(false);
    eventually("the issuer is found again", async || {
        match list(&gateway, &token).await.status.as_u16() {
            200 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    issuer.be_away(true);
    let other = issuer.token("bob", &["customer"]);
    assert_eq!(
        list(&gateway, &other).await.status,
        200,
        "the keys are kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_that_asks_too_often_waits_and_nobody_else_does() {
    let issuer = Issuer::start().await;
    let shop = shop_of(&issuer, &[("REQUESTS_PER_PERSON", "3")]);
    let gateway = shop.gateway();
    let (ann, bob) = (
        issuer.token("ann", &["customer"]),
        issuer.token("bob", &["customer"]),
    );
    let refused = eventually("the limit is met", async || {
        let answer = list(&gateway, &ann).await;
        if answer.status == 429 {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    })
    .await;
    refused.problem(429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(list(&gateway, &bob).await.status, 200);
    assert_eq!(gateway.get("/api/products").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_stands_on_spans_by_a_pseudonym_and_in_no_metric_and_no_log() {
    let issuer = Issuer::start().await;
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let mut shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        environment: vec![("OIDC_ISSUER", issuer.url())],
        without_frontend: true,
        ..ShopOptions::default()
    });
    let gateway = shop.gateway();
    let order = buy(&gateway, &issuer.token("ann-of-the-test", &[])).await;
    let trace = order["traceId"].as_str().expect("a trace").to_owned();
    let named = eventually("both servers name the person", async || {
        let mut spans = receiver.trace(&trace);
        spans.retain(|span| span.attribute("enduser.pseudo.id").is_some());
        let services: BTreeSet<_> = spans.iter().map(|span| span.service.clone()).collect();
        if services.len() == 2 {
            Ok(spans)
        } else {
            Err(services)
        }
    })
    .await;
    let ids: BTreeSet<_> = named
        .iter()
        .filter_map(|span| span.attribute("enduser.pseudo.id"))
        .collect();
    assert_eq!(ids.len(), 1, "one pseudonym: {ids:?}");
    assert!(!format!("{named:?}").contains("ann-of-the-test"));
    for service in ["gateway-service", "order-service"] {
        let metrics = shop.http(service).get("/metrics").await;
        let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
        let log = format!("{:?}", shop.service(service).log());
        for text in [metrics, log] {
            assert!(!text.contains("ann-of-the-test"), "{service}");
            assert!(!text.contains("eyJ"), "a token: {service}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_issuer_all_is_open_and_log_and_metric_say_so() {
    let mut shop = Shop::with(ShopOptions {
        without_frontend: true,
        ..ShopOptions::default()
    });
    let gateway = shop.gateway();
    let answer = send(
        &gateway,
        Some("nonsense"),
        Method::GET,
        "/api/orders",
        &Value::Null,
    )
    .await;
    assert_eq!(answer.status, 200);
    shop.set_stock("product1", 5).await;
    assert_eq!(
        Scrape::of(&gateway).await.value("sign_in_enabled", &[]),
        Some(0.0)
    );
    let log = shop.service("gateway-service").log();
    let line = log.iter().find(|line| {
        line["message"]
            .as_str()
            .is_some_and(|m| m.starts_with("nobody signs in"))
    });
    assert_eq!(line.expect("a line")["level"], "INFO");
    let document = gateway.get("/api/openapi.json").await.json();
    assert!(document["components"]["securitySchemes"].is_null());
}

#[test]
fn an_issuer_that_is_neither_of_https_nor_on_this_host_is_refused_at_the_start() {
    let program = harness::binary("gateway-service");
    let output = std::process::Command::new(program)
        .env_clear()
        .env("OIDC_ISSUER", "http://issuer.test")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("https://HOST"), "{errors}");
}
