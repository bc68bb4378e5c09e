//! Services whose identities come from an agent: one of the tests' own, and a real SPIRE.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use harness::identities::Identities;
use harness::spire::Spire;
use harness::workload_api::WorkloadApi;
use harness::{Http, LogLine, Process, Scrape, Shop, ShopOptions, binary, eventually};
use http::Method;
use tempfile::TempDir;

const SERVICES: [&str; 4] = [
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
];

/// Those that ask their callers for an identity.
const INSIDE: [&str; 3] = ["product-service", "inventory-service", "order-service"];

/// What the log says while the agent gives nothing.
const WAITING: &str = "the agent gives no identity";

fn identities() -> Arc<Identities> {
    let identities = Identities::new();
    for service in SERVICES {
        identities.issue(service);
    }
    identities
}

fn shop(environment: Vec<(&'static str, String)>) -> Shop {
    Shop::with(ShopOptions {
        environment,
        without_frontend: true,
        ..ShopOptions::default()
    })
}

/// A service that has not started yet, with the folder of its store.
fn starting(agent: &WorkloadApi) -> (Process, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut environment: Vec<(&str, OsString)> = vec![("STATE_DIRECTORY", folder.path().into())];
    let told = agent.environment().into_iter();
    environment.extend(told.map(|(name, value)| (name, value.into())));
    let name = "product-service";
    (
        Process::spawn(&binary(name), name, &[], &environment),
        folder,
    )
}

fn lines(process: &Process, level: &str, part: &str) -> Vec<LogLine> {
    let of = |line: &LogLine| {
        let message = line["message"].as_str().unwrap_or_default();
        line["level"] == level && message.contains(part)
    };
    process.log().into_iter().filter(of).collect()
}

/// Waits until the log says this at this level.
async fn says(process: &Process, level: &str, part: &str) {
    eventually(part, async || {
        let found = !lines(process, level, part).is_empty();
        found.then_some(()).ok_or_else(|| process.log())
    })
    .await;
}

/// Where a service answers probes.
fn probes(process: &Process) -> Http {
    let lines = process.log();
    let address: Option<SocketAddr> = lines
        .iter()
        .find_map(|line| line["probes"].as_str()?.parse().ok());
    Http::new(address.unwrap_or_else(|| panic!("{} answers no probes: {lines:?}", process.name())))
}

async fn metric(process: &Process, name: &str, labels: &[(&str, &str)]) -> f64 {
    Scrape::of(&probes(process)).await.sum(name, labels)
}

async fn renewals(process: &Process) -> f64 {
    metric(process, "identity_renewals_total", &[("result", "renewed")]).await
}

/// Buys until each service has been renewed as often as this, and not one order fails.
async fn buy_until_renewed(shop: &mut Shop, times: f64) {
    let mut renewed = 0;
    while renewed < INSIDE.len() {
        let answer = shop.buy("product1", 1).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        renewed = 0;
        for service in INSIDE {
            renewed += usize::from(renewals(shop.service(service)).await >= times);
        }
    }
}

/// Waits until the agent gives every service its identity, or none.
async fn agent_is(shop: &mut Shop, up: f64) {
    for service in INSIDE {
        let process = shop.service(service);
        eventually("whether the agent is there", async || {
            let seen = metric(process, "identity_agent_up", &[]).await;
            if (seen - up).abs() < f64::EPSILON {
                Ok(())
            } else {
                Err(seen)
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_agent_and_says_once_why() {
    let mut agent = WorkloadApi::away();
    let (process, _folder) = starting(&agent);
    says(&process, "WARN", "No such file").await;
    agent.start();
    says(&process, "WARN", "no identity issued").await;
    eventually("it asks again and again", async || {
        let asked = agent.asked();
        if asked >= 4 { Ok(()) } else { Err(asked) }
    })
    .await;
    assert!(lines(&process, "INFO", "listening").is_empty());
    let identities = identities();
    agent.give(&identities, "product-service");
    says(&process, "INFO", "product-service listening").await;
    says(&process, "INFO", "the agent gives an identity").await;
    assert_eq!(
        lines(&process, "WARN", WAITING).len(),
        2,
        "{:?}",
        process.log()
    );
    assert!((metric(&process, "identity_agent_up", &[]).await - 1.0).abs() < f64::EPSILON);
    let id = "spiffe://hello-observability/product-service";
    let labels = [("source", "spiffe"), ("id", id)];
    assert!((metric(&process, "identity_info", &labels).await - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waits_ends_when_it_is_told_to() {
    let (mut process, _folder) = starting(&WorkloadApi::away());
    says(&process, "WARN", WAITING).await;
    assert!(process.terminate(Duration::from_secs(5)).success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_takes_no_identity_of_another_domain_and_waits_for_its_own() {
    let foreign = Identities::of_domain("elsewhere");
    foreign.issue("product-service");
    let agent = WorkloadApi::with(&foreign, &["product-service"]);
    let (process, _folder) = starting(&agent);
    says(&process, "ERROR", "trust domain elsewhere").await;
    assert!(lines(&process, "INFO", "listening").is_empty());
    agent.give(&identities(), "product-service");
    says(&process, "INFO", "product-service listening").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_address_of_an_agent_a_service_does_not_start_and_says_why() {
    for (socket, part) in [
        (None, "--spiffe-endpoint-socket"),
        (Some("/run/api.sock"), "/run/api.sock"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = std::process::Command::new(binary("product-service"))
            .env_remove("SPIFFE_ENDPOINT_SOCKET")
            .env("STATE_DIRECTORY", folder.path())
            .env("PORT", "0")
            .args(["--identity", "spiffe"])
            .args(socket.map(|socket| format!("--spiffe-endpoint-socket={socket}")))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(66), "{said}");
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_renewed_and_the_agent_comes_and_goes_without_a_failed_order() {
    let identities = identities();
    let mut agent = WorkloadApi::with(&identities, &SERVICES);
    let mut shop = shop(agent.environment());
    shop.set_stock("product1", 10_000).await;
    let renew = |agent: &WorkloadApi| {
        for service in SERVICES {
            identities.issue(service);
            agent.give(&identities, service);
        }
    };
    for round in [1.0, 2.0] {
        renew(&agent);
        buy_until_renewed(&mut shop, round).await;
    }
    agent.kill();
    agent_is(&mut shop, 0.0).await;
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    for service in INSIDE {
        assert_eq!(
            lines(shop.service(service), "WARN", WAITING).len(),
            1,
            "{service}"
        );
    }
    agent.start();
    agent_is(&mut shop, 1.0).await;
    renew(&agent);
    buy_until_renewed(&mut shop, 3.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_identity_is_withdrawn_makes_no_new_connection_and_its_health_says_why() {
    let identities = identities();
    let agent = WorkloadApi::with(&identities, &SERVICES);
    let mut shop = shop(agent.environment());
    let address = shop.http("order-service").address();
    let ask = async || {
        let answer = identities.ask_as("gateway-service", address, Method::GET, "/orders", "");
        answer.await
    };
    assert_eq!(ask().await.unwrap().status, 200);
    agent.withdraw("order-service");
    let process = shop.service("order-service");
    let health = probes(process);
    eventually("its health says so", async || {
        let answer = health.get("/health").await;
        if answer.status == 503 {
            Ok(answer.json())
        } else {
            Err(answer)
        }
    })
    .await;
    assert_eq!(
        health.get("/health").await.json()["components"]["identity"]["status"],
        "DOWN"
    );
    says(process, "ERROR", "has been withdrawn").await;
    assert!(ask().await.is_err());
    agent.give(&identities, "order-service");
    eventually("it has one again", async || ask().await).await;
    assert_eq!(health.get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_was_not_renewed_in_time_is_refused_and_health_says_why() {
    let identities = identities();
    let almost_over = SystemTime::now() - Duration::from_hours(1) + Duration::from_secs(4);
    identities.issue_at("product-service", almost_over);
    let agent = WorkloadApi::with(&identities, &["product-service"]);
    let (process, _folder) = starting(&agent);
    says(&process, "INFO", "product-service listening").await;
    let health = probes(&process);
    eventually("its health says so", async || {
        let answer = health.get("/health").await;
        if answer.status == 503 {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    eventually("the log says why", async || {
        let lines = process.log();
        let why = |line: &LogLine| {
            let cause = line["cause"].as_str().unwrap_or_default();
            cause.starts_with("identity is unusable: its certificate ended")
        };
        lines.iter().any(why).then_some(()).ok_or(lines)
    })
    .await;
    identities.issue("product-service");
    agent.give(&identities, "product-service");
    eventually("it is renewed", async || {
        let answer = health.get("/health").await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_real_spire_each_program_has_its_own_identity_renewed_without_a_failed_order() {
    let test = "with_a_real_spire_each_program_has_its_own_identity_renewed_without_a_failed_order";
    let Some(mut spire) = Spire::start(test, &SERVICES, Duration::from_secs(20)).await else {
        return;
    };
    let environment = vec![
        ("IDENTITY", "spiffe".to_owned()),
        ("SPIFFE_ENDPOINT_SOCKET", spire.socket()),
        ("PROBES_PORT", "0".to_owned()),
    ];
    let mut shop = shop(environment);
    shop.set_stock("product1", 10_000).await;
    for service in INSIDE {
        let id = format!("spiffe://hello-observability/{service}");
        let labels = [("source", "spiffe"), ("id", id.as_str())];
        assert!(metric(shop.service(service), "identity_info", &labels).await > 0.0);
    }
    let stranger = spire.ask_as_a_stranger().unwrap_err();
    assert!(stranger.contains("no identity issued"), "{stranger}");
    buy_until_renewed(&mut shop, 1.0).await;
    spire.kill_agent();
    agent_is(&mut shop, 0.0).await;
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    spire.start_agent();
    agent_is(&mut shop, 1.0).await;
    buy_until_renewed(&mut shop, 2.0).await;
}
