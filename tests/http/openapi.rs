//! The OpenAPI document that the gateway serves, against what the gateway does. Whether each
//! body has the shape that the document gives it, `tests/schemathesis` asks.

use std::collections::{BTreeMap, BTreeSet};

use harness::unharmed::assert_unharmed;
use harness::{Answer, Http, Shop};
use http::Method;
use serde_json::{Value, json};

/// All that the gateway offers: the contract's table, the document, and the probes.
const OPERATIONS: [(&str, &str); 14] = [
    ("get", "/actuator/prometheus"),
    ("get", "/api/inventory"),
    ("get", "/api/inventory/{id}"),
    ("get", "/api/openapi.json"),
    ("get", "/api/orders"),
    ("get", "/api/orders/{id}"),
    ("get", "/api/problems/{kind}"),
    ("get", "/api/products"),
    ("get", "/api/products/{id}"),
    ("get", "/health"),
    ("get", "/metrics"),
    ("post", "/api/orders"),
    ("post", "/api/products"),
    ("put", "/api/inventory/{id}"),
];

/// The statuses that no call can be made to meet here, and where they are met: 202, 408, 502 and
/// 504 in `contract.rs`, `order_failures.rs` and `bad_input`, 508 by gateways that lead to each
/// other, 500 nowhere.
const MET_ELSEWHERE: [&str; 6] = ["202", "408", "500", "502", "504", "508"];

struct Document(Value);

impl Document {
    async fn of(gateway: &Http) -> Self {
        let answer = gateway.get("/api/openapi.json").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        Self(answer.json())
    }

    fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.0["paths"].as_object().expect("paths").iter();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().expect("operations").keys();
            methods.map(move |method| (method.clone(), path.clone()))
        });
        operations.collect()
    }

    /// Asserts that the document names this answer: its status, its type, and its headers.
    fn names(&self, method: &str, template: &str, answer: &Answer) {
        let status = answer.status.as_str();
        let response = &self.0["paths"][template][method]["responses"][status];
        assert!(
            response.is_object(),
            "{method} {template} does not name {status}: {answer:?}"
        );
        let content_type = answer.header("content-type").expect("a type");
        let media = content_type.split(';').next().expect("a type");
        assert!(
            response["content"][media].is_object(),
            "{method} {template} {status} does not name {media}"
        );
        if media == "application/problem+json" {
            let schema = &response["content"][media]["schema"];
            let kinds = schema["allOf"][1]["properties"]["type"]["enum"].as_array();
            let kind = &answer.problem(answer.status.as_u16())["type"];
            assert!(
                kinds.expect("kinds").contains(kind),
                "{method} {template} {status} does not name {kind}"
            );
        }
        let headers = response["headers"].as_object().expect("headers");
        for name in headers.keys().filter(|name| *name != "Link") {
            assert!(
                answer.headers.contains_key(name),
                "{method} {template} {status} has no {name}"
            );
        }
        for name in ["location", "link", "retry-after"] {
            let named = headers
                .keys()
                .any(|header| header.eq_ignore_ascii_case(name));
            assert!(
                named || !answer.headers.contains_key(name),
                "{method} {template} {status} does not name {name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_exactly_what_is_offered() {
    let shop = Shop::start();
    let gateway = shop.gateway();
    let document = Document::of(&gateway).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    let expected = OPERATIONS.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(document.operations(), BTreeSet::from(expected));
    for path in document.0["paths"].as_object().expect("paths").keys() {
        let target = path.replace("{id}", "none").replace("{kind}", "internal");
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ] {
            let answer = gateway.send(method.clone(), &target, &[], "").await;
            // HEAD follows GET, and so has no entry of its own.
            let name = if method == Method::HEAD {
                "get".to_owned()
            } else {
                method.as_str().to_lowercase()
            };
            let offered = document.operations().contains(&(name, path.clone()));
            assert_eq!(answer.status != 405, offered, "{method} {path}: {answer:?}");
        }
    }
    let mut ids = BTreeSet::new();
    for (method, path) in document.operations() {
        let id = document.0["paths"][&path][&method]["operationId"]
            .as_str()
            .expect("an id")
            .to_owned();
        assert!(ids.insert(id), "{method} {path} has the id of another");
    }
    assert_unharmed(shop, &[]).await;
}

/// The statuses that each operation was seen to answer.
struct Met<'a> {
    document: &'a Document,
    gateway: Http,
    statuses: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Met<'_> {
    /// Sends a request; its answer must be one that the document names.
    async fn ask(
        &mut self,
        method: &str,
        template: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: String,
    ) {
        let verb: Method = method.to_uppercase().parse().expect("a method");
        let answer = self.gateway.send(verb, target, headers, body).await;
        self.document.names(method, template, &answer);
        let statuses = self
            .statuses
            .entry((method.to_owned(), template.to_owned()))
            .or_default();
        statuses.insert(answer.status.as_str().to_owned());
    }

    /// A sound request, and one for each way to make it wrong.
    async fn ask_all(&mut self, method: &str, template: &str, target: &str) {
        let json = [("content-type", "application/json")];
        let (sound, large) = (sound(template), format!("\"{}\"", "x".repeat(70_000)));
        let none = if method == "put" { "no%20id" } else { "none" };
        let reads = method == "get";
        let body = if reads {
            String::new()
        } else {
            sound.to_string()
        };
        self.ask(method, template, target, &json, body.clone())
            .await;
        if template.contains('{') {
            let target = template.replace("{id}", none).replace("{kind}", none);
            self.ask(method, template, &target, &json, body.clone())
                .await;
        }
        if template == "/api/orders" && reads {
            let target = "/api/orders?limit=0";
            self.ask(method, template, target, &json, String::new())
                .await;
        }
        if !reads {
            self.ask(method, template, target, &json, "{".to_owned())
                .await;
            self.ask(
                method,
                template,
                target,
                &[("content-type", "text/plain")],
                body,
            )
            .await;
        }
        if is_forwarded(template) {
            self.ask(method, template, target, &json, large).await;
        }
    }
}

/// A body that the operations on this path take.
fn sound(template: &str) -> Value {
    match template {
        "/api/products" => json!({ "name": "n", "price": 1 }),
        "/api/orders" => json!({ "productId": "product1", "quantity": 1 }),
        _ => json!({ "quantity": 100 }),
    }
}

fn is_forwarded(template: &str) -> bool {
    template.starts_with("/api/")
        && !["/api/openapi.json", "/api/problems/{kind}"].contains(&template)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_problem_has_a_page_at_its_type_and_no_other_word_has_one() {
    let shop = Shop::start();
    let document = Document::of(&shop.gateway()).await;
    let kinds = &document.0["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let kinds = kinds.as_array().expect("all kinds").clone();
    assert_eq!(kinds.len(), api::ProblemKind::ALL.len());
    for kind in api::ProblemKind::ALL {
        assert!(kinds.contains(&json!(kind.uri())), "{kind:?} is documented");
        for door in [shop.gateway(), shop.frontend()] {
            let page = door.get(kind.uri()).await;
            assert_eq!(page.status, 200, "{kind:?}");
            assert_eq!(
                page.header("content-type"),
                Some("text/html; charset=utf-8")
            );
            let policy = page.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            let html = String::from_utf8_lossy(&page.body);
            let (title, status) = (kind.title(), kind.status());
            for part in [
                "<html lang=\"en\">".to_owned(),
                format!("<title>{title}</title>"),
                format!("<h1>{title}</h1>"),
                status.as_str().to_owned(),
                kind.explanation()
                    .split('`')
                    .next()
                    .expect("text")
                    .to_owned(),
            ] {
                assert!(html.contains(&part), "{kind:?} says {part}: {html}");
            }
            assert!(html.len() < 2048, "it is small");
        }
    }
    for unknown in ["none", "Internal", "internal/", "%3Cscript%3E", ""] {
        for door in [shop.gateway(), shop.frontend()] {
            let path = format!("/api/problems/{unknown}");
            let problem = door.get(&path).await.problem(404);
            assert_eq!(problem["type"], "/api/problems/not-found");
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_what_to_do_when_the_outcome_is_unknown() {
    let shop = Shop::start();
    let document = Document::of(&shop.gateway()).await;
    let says = |method: &str, path: &str, status: &str| {
        let response = &document.0["paths"][path][method]["responses"][status];
        response["description"].as_str().expect("a text").to_owned()
    };
    for status in ["502", "504"] {
        let text = says("post", "/api/orders", status);
        for part in [
            "not known whether",
            "same Idempotency-Key",
            "list of orders",
        ] {
            assert!(text.contains(part), "{status} says {part}: {text}");
        }
        let text = says("get", "/api/orders", status);
        assert!(!text.contains("not known whether"), "{status}: {text}");
    }
    assert!(says("post", "/api/orders", "503").contains("nothing was done"));
    let schemas = &document.0["components"]["schemas"];
    assert!(schemas["Order"]["properties"]["traceId"].is_object());
    assert!(schemas["Problem"]["properties"]["orderId"].is_object());
    assert!(says("post", "/api/orders", "409").contains("orderId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_answer_and_no_answer_that_never_comes() {
    let mut shop = Shop::start();
    let gateway = shop.gateway();
    let document = Document::of(&gateway).await;
    let mut met = Met {
        document: &document,
        gateway,
        statuses: BTreeMap::new(),
    };
    let order = shop.buy("product1", 1).await.json();
    for (method, template) in OPERATIONS {
        let id = if template.contains("orders") {
            &order["id"]
        } else {
            &json!("product1")
        };
        let target = template
            .replace("{id}", id.as_str().expect("an id"))
            .replace("{kind}", "internal");
        met.ask_all(method, template, &target).await;
    }
    for (key, product, quantity) in [
        ("a", "none", 1),
        ("b", "product2", 51),
        ("c", "product2", 1),
        ("c", "product2", 2),
    ] {
        let order = json!({ "productId": product, "quantity": quantity });
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        met.ask(
            "post",
            "/api/orders",
            "/api/orders",
            &headers,
            order.to_string(),
        )
        .await;
    }
    let behind = ["product-service", "inventory-service", "order-service"];
    for service in behind {
        shop.kill(service);
    }
    for (method, template) in OPERATIONS
        .into_iter()
        .filter(|(_, template)| is_forwarded(template))
    {
        let target = template.replace("{id}", "product1");
        let json = [("content-type", "application/json")];
        met.ask(
            method,
            template,
            &target,
            &json,
            sound(template).to_string(),
        )
        .await;
    }
    for operation in document.operations() {
        let (method, template) = &operation;
        let responses = &document.0["paths"][template][method]["responses"];
        let named = responses.as_object().expect("responses").keys();
        let named: BTreeSet<_> = named
            .map(String::as_str)
            .filter(|status| !MET_ELSEWHERE.contains(status))
            .collect();
        let met: BTreeSet<_> = met.statuses[&operation]
            .iter()
            .map(String::as_str)
            .collect();
        assert_eq!(met, named, "{method} {template}: met and named");
    }
    for service in behind {
        shop.start_service(service);
    }
    assert_unharmed(shop, &[503]).await;
}
