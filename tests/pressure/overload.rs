//! A service that has more to do than it can refuses what has waited for too long: lists first, probes
//! never, and only while it lasts.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{Answer, Http, Process, Scrape, eventually};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::ALONE;

const LIST: &str = "/products";
const ONE: &str = "/products/product1";

/// How long each request holds the only thread: fifty are answered a second.
const BLOCK: u64 = 20;

/// A product service of which each request holds the thread.
struct Stage {
    process: Process,
    http: Http,
    _folder: TempDir,
}

/// Clients that each ask again as soon as they have an answer, until this is dropped.
struct Clients {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<Answer>>,
}

impl Stage {
    fn set(shed_after_ms: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("faults.json");
        let block = |route| json!({ "block": { "route": route, "milliseconds": BLOCK } });
        let faults = json!({ "list": block("GET /products"), "one": block("GET /products/{id}") });
        fs::write(&file, faults.to_string()).expect("written");
        let process = Process::start(
            "product-service",
            &[
                ("STATE_DIRECTORY", folder.path().join("store").into()),
                ("FAULTS_FILE", file.into()),
                ("SHED_AFTER_MS", shed_after_ms.into()),
            ],
        );
        Self {
            http: Http::new(process.address()),
            process,
            _folder: folder,
        }
    }

    fn clients(&self, count: usize, path: &'static str) -> Clients {
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for _ in 0..count {
            let (http, stop) = (self.http.clone(), Arc::clone(&stop));
            clients.spawn(async move {
                let mut answers = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let answer = http.get(path).await;
                    if answer.status == 503 {
                        // Not as long as it is asked for, or it would be no overload.
                        tokio::time::sleep(Duration::from_millis(BLOCK)).await;
                    }
                    answers.push(answer);
                }
                answers
            });
        }
        Clients { stop, clients }
    }

    async fn shed(&self, priority: &str) -> f64 {
        let labels = [("priority", priority)];
        let scrape = Scrape::of(&self.http).await;
        let shed = scrape.value("http_server_requests_shed_total", &labels);
        shed.expect("a series")
    }

    async fn sheds(&self, priority: &str) {
        let before = self.shed(priority).await;
        eventually("requests are refused", async || {
            match self.shed(priority).await - before {
                shed if shed >= 20.0 => Ok(()),
                shed => Err(shed),
            }
        })
        .await;
    }
}

impl Clients {
    /// All answers that they had.
    async fn answers(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.concat()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_lists_first_until_it_is_over() {
    let _alone = ALONE.lock().await;
    let stage = Stage::set("250");
    // Less than can be done.
    let few = stage.clients(4, LIST);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        few.answers()
            .await
            .iter()
            .all(|answer| answer.status == 200)
    );
    assert!(stage.shed("list").await.abs() < 0.1);

    let (lists, ones) = (stage.clients(40, LIST), stage.clients(5, ONE));
    stage.sheds("list").await;
    assert_eq!(stage.http.get("/health").await.status, 200);
    let (lists, ones) = (lists.answers().await, ones.answers().await);
    let refused: Vec<_> = lists.iter().filter(|answer| answer.status != 200).collect();
    assert!(refused.len() < lists.len(), "some are answered");
    for answer in &refused {
        answer.problem(503);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(answer.header("x-request-id").is_some());
    }
    assert!(
        ones.iter().all(|answer| answer.status == 200),
        "lists first"
    );
    assert!(stage.shed("other").await.abs() < 0.1);

    // A line tells of them, with the trace of one.
    let log = stage.process.log();
    let told = |line: &&harness::LogLine| line["refused"].is_number();
    let line = log.iter().find(told).expect("a line");
    assert_eq!(line["level"], "WARN");
    let traces: Vec<_> = refused.iter().map(|answer| answer.trace_id()).collect();
    let trace = line["trace_id"].as_str().expect("a trace");
    assert!(traces.iter().any(|one| one == trace), "{line}");
    let access = |line: &&harness::LogLine| line["status"] == 503;
    assert_eq!(log.iter().filter(access).count(), 0, "no line of each");
    let labels = [
        ("uri", LIST),
        ("status", "503"),
        ("outcome", "SERVER_ERROR"),
    ];
    let scrape = Scrape::of(&stage.http).await;
    let counted = scrape.sum("http_server_requests_seconds_count", &labels);
    let shed = stage.shed("list").await;
    assert!((counted - shed).abs() < 0.1, "{counted} of {shed}");

    // It is over with the load.
    for path in [LIST, ONE, LIST, ONE] {
        assert_eq!(stage.http.get(path).await.status, 200);
    }

    // When the others are too many by themselves, they are refused as well.
    let ones = stage.clients(60, ONE);
    stage.sheds("other").await;
    let ones = ones.answers().await;
    assert!(ones.iter().any(|answer| answer.status == 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_told_never_to_refuse_does_not() {
    let _alone = ALONE.lock().await;
    let stage = Stage::set("0");
    let clients = stage.clients(40, LIST);
    // Three rounds of all clients, each longer than the interval after which others refuse.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let answers = clients.answers().await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(stage.shed("list").await.abs() < 0.1);
}
