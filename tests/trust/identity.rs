//! Services that have identities: who may ask whom for what, and how it looks from outside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api::calls::{CALLS, Call};
use harness::identities::Identities;
use harness::{Http, Process, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, eventually};
use http::Method;

const SERVICES: [&str; 5] = [
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
];

/// Those that ask their callers for an identity.
const INSIDE: [&str; 3] = ["product-service", "inventory-service", "order-service"];

fn identities() -> Arc<Identities> {
    let identities = Identities::new();
    for service in SERVICES {
        identities.issue(service);
    }
    identities
}

fn shop(identities: &Arc<Identities>) -> Shop {
    Shop::with(ShopOptions {
        identities: Some(Arc::clone(identities)),
        without_frontend: true,
        ..ShopOptions::default()
    })
}

/// Where a service answers probes.
fn probes(process: &Process) -> SocketAddr {
    let lines = process.log();
    let address = lines
        .iter()
        .find_map(|line| line["probes"].as_str()?.parse().ok());
    address.unwrap_or_else(|| panic!("{} answers no probes: {lines:?}", process.name()))
}

async fn own_metrics(process: &Process) -> Scrape {
    Scrape::of(&Http::new(probes(process))).await
}

/// A path of this route.
fn path(call: &Call) -> String {
    call.route
        .replace("{id}", "0190a1b2-0000-7000-8000-000000000000")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_through_and_its_spans_and_lines_say_who_asked() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        identities: Some(identities()),
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let answer = shop.buy("product1", 2).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let trace = answer.trace_id();
    let reserved = async || {
        let spans = receiver.trace(&trace);
        let reserved = spans.iter().find(|span| {
            span.attribute("http.route").as_deref() == Some("/inventory/reservations")
        });
        reserved.cloned().ok_or(spans.len())
    };
    let span = eventually("the span of the reservation", reserved).await;
    assert_eq!(
        span.attribute("service.peer.name").as_deref(),
        Some("order-service")
    );
    assert_eq!(span.attribute("url.scheme").as_deref(), Some("https"));
    eventually("each access line says who asked", async || {
        let lines = shop.log_of_trace(&trace);
        let callers = |uri: &str| {
            let lines = lines
                .iter()
                .filter(|line| line["uri"] == uri && !line["status"].is_null());
            let callers = lines.map(|line| line["caller"].as_str().unwrap_or("nobody"));
            callers.map(str::to_owned).collect::<Vec<_>>()
        };
        let told = callers("/inventory/reservations") == ["order-service"]
            && callers("/orders") == ["gateway-service"]
            // People have none here.
            && callers("/api/orders") == ["nobody"];
        told.then_some(()).ok_or(lines)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_may_ask_for_what_the_table_says_and_for_nothing_else() {
    let identities = identities();
    let mut shop = shop(&identities);
    for call in CALLS {
        let address = shop.http(call.service).address();
        for caller in SERVICES {
            let what = format!("{caller}: {} {} {}", call.service, call.method, call.route);
            let method = call.method.clone();
            let answer = identities
                .ask_as(caller, address, method, &path(call), "{}")
                .await;
            let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
            if call.callers.contains(&caller) {
                assert_ne!(answer.status, 403, "{what}");
                continue;
            }
            let problem = answer.problem(403);
            let trace = answer.trace_id();
            assert_eq!(problem["traceId"], trace, "{what}");
            let told = |line: &harness::LogLine| {
                line["level"] == "WARN" && line["caller"] == caller && line["route"] == call.route
            };
            let process = shop.service(call.service);
            eventually("the refusal stands in the log", async || {
                let lines = process.log();
                let found = lines.iter().any(told);
                found.then_some(()).ok_or((&what, lines))
            })
            .await;
            let labels = [
                ("caller", caller),
                ("method", call.method.as_str()),
                ("uri", call.route),
            ];
            let metrics = own_metrics(shop.service(call.service)).await;
            let refusals = metrics.value("identity_refusals_total", &labels);
            assert_eq!(refusals, Some(1.0), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_a_foreign_authority_and_an_ended_certificate_get_no_answer() {
    let identities = identities();
    let mut shop = shop(&identities);
    let foreign = self::identities();
    let ended = SystemTime::now() - Duration::from_hours(2);
    for service in INSIDE {
        let address = shop.http(service).address();
        let get = |who: Arc<Identities>| async move {
            who.ask_as("gateway-service", address, Method::GET, "/orders", "")
                .await
        };
        assert!(get(Arc::clone(&identities)).await.is_ok(), "{service}");
        assert!(get(Arc::clone(&foreign)).await.is_err(), "{service}");
        let plain = Http::new(address)
            .try_send(Method::GET, "/health", &[], "")
            .await;
        assert!(plain.is_err(), "{service}: {plain:?}");
        let process = shop.service(service);
        let refused = |line: &&harness::LogLine| {
            let message = line["message"].as_str().unwrap_or_default();
            line["level"] == "WARN" && message.contains("shows no identity")
        };
        eventually("both refusals stand in the log", async || {
            let lines = process.log();
            let both = lines.iter().filter(refused).count() == 2;
            both.then_some(()).ok_or((service, lines))
        })
        .await;
    }
    identities.issue_at("gateway-service", ended);
    let address = shop.http("order-service").address();
    let ended = identities
        .ask_as("gateway-service", address, Method::GET, "/orders", "")
        .await;
    assert!(ended.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_answered_in_plain_http_on_a_port_that_offers_nothing_else() {
    let mut shop = shop(&identities());
    for service in INSIDE {
        let address = probes(shop.service(service));
        assert!(address.ip().is_loopback());
        let http = Http::new(address);
        assert_eq!(http.get("/health").await.json()["status"], "UP");
        for path in ["/actuator/prometheus", "/metrics"] {
            assert_eq!(http.get(path).await.status, 200, "{service} {path}");
        }
        for path in ["/orders", "/products", "/inventory"] {
            http.get(path).await.problem(404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_renewed_under_load_without_a_failed_order() {
    let identities = identities();
    let mut shop = shop(&identities);
    shop.set_stock("product1", 10_000).await;
    let mut orders = 0;
    for round in 1..=3 {
        for service in SERVICES {
            identities.issue(service);
        }
        loop {
            let answer = shop.buy("product1", 1).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            orders += 1;
            let mut renewed = 0;
            for service in INSIDE {
                let metrics = own_metrics(shop.service(service)).await;
                let times = metrics.sum("identity_renewals_total", &[("result", "renewed")]);
                renewed += u32::from(times >= f64::from(round));
            }
            if renewed == 3 {
                break;
            }
        }
    }
    assert!(orders > 3, "{orders}");
    assert_eq!(shop.stock("product1").await, 10_000 - orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_the_identity_that_it_should_have_does_not_start_and_says_why() {
    let identities = Identities::new();
    let environment = identities.environment("order-service");
    let environment: Vec<_> = environment
        .into_iter()
        .chain([("PORT", "0".into())])
        .collect();
    let program = harness::binary("order-service");
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(program)
        .env("STATE_DIRECTORY", folder.path())
        .envs(environment)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(66), "{said}");
    assert!(said.contains("certificate.pem"), "{said}");
}
