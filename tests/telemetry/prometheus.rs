//! The queries of the System page, asked of a real Prometheus that scrapes the real services. Skipped,
//! and counted, where there is no `prometheus` on PATH.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};

use harness::foreign::free_address;
use harness::skip::skip;
use harness::stand_in::StandIn;
use harness::{Http, Receiver, ReceiverMode, Shop, ShopOptions, eventually};
use http::Method;
use queries::{Query, SERVICES};
use serde_json::Value;

const WITH_STORE: &[&str] = &["product-service", "inventory-service", "order-service"];
const WITH_PEERS: &[&str] = &["frontend", "gateway-service", "order-service"];
/// Those that ask the product service, which has two instances here. One of them is dead.
const WITH_INSTANCES: &[&str] = &["gateway-service", "order-service"];

/// Ended when it is dropped.
struct Prometheus {
    process: Child,
    http: Http,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// None where there is no program.
    async fn start(shop: &Shop, folder: &Path) -> Option<Self> {
        // As the shop's own rules have it of its units, which there are none of here.
        let mut rules = String::from("groups:\n- name: limits\n  rules:\n");
        let mut scrapes = String::new();
        for service in SERVICES {
            let address = shop.http(service).address();
            let _ = write!(
                scrapes,
                "- job_name: {service}\n  static_configs: [{{ targets: ['{address}'] }}]\n"
            );
            let _ = write!(
                rules,
                "  - record: job:memory_max_bytes\n    expr: vector(1)\n    labels: {{ job: {service} }}\n"
            );
        }
        let settings = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: [rules.yml]\n\
             scrape_configs:\n{scrapes}"
        );
        fs::write(folder.join("rules.yml"), rules).expect("a file");
        fs::write(folder.join("prometheus.yml"), settings).expect("a file");
        let address = free_address();
        let log = folder.join("log");
        let process = Command::new("prometheus")
            .arg(format!(
                "--config.file={}",
                folder.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--enable-feature=exemplar-storage")
            .stderr(File::create(&log).expect("a file"))
            .spawn()
            .ok()?;
        let http = Http::new(address);
        let mut prometheus = Self { process, http };
        eventually("Prometheus is ready", async || {
            let ended = prometheus.process.try_wait().expect("a child");
            assert!(ended.is_none(), "{ended:?}: {:?}", fs::read_to_string(&log));
            let ready = prometheus.http.try_send(Method::GET, "/-/ready", &[], "");
            match ready.await {
                Ok(answer) if answer.status == 200 => Ok(()),
                // It answers 503 while it still reads its store.
                answer => Err((answer, fs::read_to_string(&log))),
            }
        })
        .await;
        Some(prometheus)
    }

    async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let parameters = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let answer = self.http.get(&format!("{path}?{parameters}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["data"].clone()
    }

    /// The services of which a query has a value.
    async fn services(&self, query: Query) -> Vec<String> {
        let data = self
            .ask("/api/v1/query", &[("query", query.promql())])
            .await;
        let series = data["result"].as_array().expect("series");
        let mut services: Vec<_> = series
            .iter()
            .map(|series| {
                let labels = series["metric"].as_object().expect("labels");
                assert_eq!(labels.len(), 1, "{query:?}: {labels:?}");
                labels["job"].as_str().expect("a job").to_owned()
            })
            .collect();
        services.sort();
        services
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_query_of_the_system_page_has_a_value_for_each_service_that_it_is_about() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let product = StandIn::start().await;
    let instances = format!("{},http://{}", product.url(), free_address());
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        environment: vec![("PRODUCT_SERVICE_URL", instances)],
        ..ShopOptions::default()
    });
    product.stand_before(shop.http("product-service").address());
    let folder = tempfile::tempdir().expect("a folder");
    let Some(prometheus) = Prometheus::start(&shop, folder.path()).await else {
        let test = "each_query_of_the_system_page_has_a_value_for_each_service_that_it_is_about";
        return skip(test, "there is no prometheus on PATH");
    };
    for query in Query::ALL {
        let mut expected = match query {
            Query::Queue => WITH_STORE.to_vec(),
            Query::Circuit => WITH_PEERS.to_vec(),
            Query::Retries | Query::Ejected => WITH_INSTANCES.to_vec(),
            // The dead instance is ejected before the budget is spent, and no anomaly detector runs here.
            Query::OverBudget
            | Query::RateLower
            | Query::RateUpper
            | Query::P95Lower
            | Query::P95Upper => Vec::new(),
            _ => SERVICES.to_vec(),
        };
        expected.sort_unstable();
        eventually(&format!("{query:?} of each service"), async || {
            // A rate needs two scrapes, with a request between them.
            let bought = shop
                .frontend()
                .post(
                    "/api/orders",
                    &serde_json::json!({ "productId": "product1", "quantity": 1 }),
                )
                .await;
            assert!([201, 409].contains(&bought.status.as_u16()), "{bought:?}");
            // The gateway asks the product service for lists.
            let listed = shop.frontend().get("/api/products").await;
            assert_eq!(listed.status, 200, "{listed:?}");
            let services = prometheus.services(query).await;
            (services == expected).then_some(()).ok_or(services)
        })
        .await;
    }
    for service in SERVICES {
        let query = queries::exemplars(service);
        eventually(&format!("a trace of {service}"), async || {
            let parameters = [
                ("query", query.as_str()),
                ("start", "0"),
                ("end", "9999999999"),
            ];
            let series = prometheus.ask("/api/v1/query_exemplars", &parameters).await;
            let found = series[0]["exemplars"][0]["labels"]["trace_id"].is_string();
            found.then_some(()).ok_or(series)
        })
        .await;
    }
}
