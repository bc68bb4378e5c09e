//! Faults that an operator switches on in a file: each kind with what it shows in metrics, traces and
//! logs, who may switch, and that nobody else can.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::skip::skip;
use harness::{
    Answer, Http, LogLine, Process, Receiver, ReceiverMode, Scrape, SpanRecord, eventually,
};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

const PRODUCT: &str = "/products/product1";
const SERVER: i32 = 2;

/// A product service whose faults stand in a file.
struct Stage {
    process: Process,
    http: Http,
    receiver: Receiver,
    folder: TempDir,
}

impl Stage {
    /// Nothing is switched on.
    async fn set() -> Self {
        Self::with(None).await
    }

    /// With this text in the file from the start.
    async fn with(text: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("faults.json");
        if let Some(text) = text {
            fs::write(&file, text).expect("written");
        }
        let receiver = Receiver::http(ReceiverMode::Good).await;
        let process = Process::start(
            "product-service",
            &[
                ("STATE_DIRECTORY", folder.path().join("store").into()),
                ("FAULTS_FILE", file.into()),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint().into()),
                ("OTEL_BSP_SCHEDULE_DELAY", "20".into()),
            ],
        );
        let http = Http::new(process.address());
        Self {
            process,
            http,
            receiver,
            folder,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("faults.json")
    }

    /// Puts a file in place with this mode, as a whole.
    fn put(&self, text: &str, mode: u32) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).expect("written");
        fs::set_permissions(&new, Permissions::from_mode(mode)).expect("its mode");
        fs::rename(new, self.file()).expect("in place");
    }

    /// Switches these on, and nothing else, and waits until the service says so.
    async fn switch(&self, faults: Value) {
        self.put(&faults.to_string(), 0o644);
        let wanted = faults.as_object().expect("faults by their names");
        let mut wanted: Vec<_> = wanted.keys().cloned().collect();
        wanted.sort();
        self.active(&wanted).await;
    }

    /// Waits until exactly these are said to be on.
    async fn active(&self, wanted: &[String]) {
        eventually("what is on is said", async || {
            let on = self.scrape().await.label_values("fault_active", "fault");
            if on == wanted { Ok(()) } else { Err(on) }
        })
        .await;
    }

    /// Takes the file away and waits until nothing is on.
    async fn switch_off(&self) {
        fs::remove_file(self.file()).expect("there is one");
        self.active(&[]).await;
        let scrape = self.scrape().await;
        let injected = scrape.label_values("fault_injections_total", "fault");
        assert_eq!(injected, Vec::<String>::new(), "no series is left");
    }

    async fn scrape(&self) -> Scrape {
        Scrape::of(&self.http).await
    }

    async fn injections(&self, fault: &str) -> f64 {
        let scrape = self.scrape().await;
        scrape.sum("fault_injections_total", &[("fault", fault)])
    }

    /// The log lines so far that say something of the fault.
    fn said(&self, words: &str) -> Vec<LogLine> {
        let says = |line: &LogLine| line["message"].as_str().is_some_and(|m| m.contains(words));
        self.process.log().into_iter().filter(says).collect()
    }

    /// The access line of an answer.
    async fn access_line(&self, answer: &Answer) -> LogLine {
        let trace = answer.trace_id();
        eventually("the access line is there", async || {
            let log = self.process.log().into_iter();
            let mut lines = log.filter(|line| line["trace_id"] == trace.as_str());
            lines.find(|line| line["duration_ms"].is_number()).ok_or(())
        })
        .await
    }

    /// The server span of an answer, with the others of its trace.
    async fn spans(&self, answer: &Answer) -> (SpanRecord, Vec<SpanRecord>) {
        eventually("the server span has come", async || {
            let (server, others): (Vec<_>, Vec<_>) = self
                .receiver
                .trace(&answer.trace_id())
                .into_iter()
                .partition(|record| record.span.kind == SERVER);
            server.into_iter().next().map(|one| (one, others)).ok_or(())
        })
        .await
    }

    /// Waits until a refused file is told of; the cause.
    async fn refusal(&self) -> String {
        let line = eventually("the refusal is told", async || {
            self.said("no fault is on").pop().ok_or(())
        })
        .await;
        assert_eq!(line["level"], "ERROR");
        line["cause"].as_str().expect("a text").to_owned()
    }

    /// Asserts that the service does what it does without a fault.
    async fn is_well(&self) {
        for _ in 0..4 {
            let answer = self.http.get(PRODUCT).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let (server, _) = self.spans(&answer).await;
            assert_eq!(server.attribute("fault.name"), None);
            assert!(length(&server) < DELAY, "{:?}", length(&server));
        }
        self.active(&[]).await;
    }
}

const DELAY: Duration = Duration::from_millis(700);

fn delay(milliseconds: u64) -> Value {
    json!({ "slow": { "delay": {
        "route": "GET /products/{id}", "share": 1, "milliseconds": milliseconds,
    } } })
}

fn fail(route: &str, share: f64, status: u16) -> Value {
    json!({ "broken": { "fail": { "route": route, "share": share, "status": status } } })
}

fn length(record: &SpanRecord) -> Duration {
    let span = &record.span;
    Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_is_seen_in_span_metric_and_access_line_and_ends_with_its_switch() {
    let stage = Stage::set().await;
    stage.is_well().await;
    stage.switch(delay(700)).await;
    let answer = stage.http.get(PRODUCT).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let (server, others) = stage.spans(&answer).await;
    assert!(length(&server) >= DELAY, "{:?}", length(&server));
    assert_eq!(server.attribute("fault.name").as_deref(), Some("slow"));
    assert_eq!(others[0].span.name, "SELECT products");
    assert!(length(&others[0]) < DELAY, "the store is not slow");
    let line = stage.access_line(&answer).await;
    assert!(line["duration_ms"].as_f64() >= Some(700.0), "{line}");
    assert_eq!(line["level"], "INFO");
    let scrape = stage.scrape().await;
    let slow = [("uri", "/products/{id}")];
    let all = scrape.sum("http_server_requests_seconds_count", &slow);
    let fast = [("uri", "/products/{id}"), ("le", "0.5")];
    let fast = scrape.sum("http_server_requests_seconds_bucket", &fast);
    assert!((all - fast - 1.0).abs() < 1e-9, "{fast} of {all} were fast");
    assert!((stage.injections("slow").await - 1.0).abs() < 1e-9);

    let other = stage.http.get("/products").await;
    assert_eq!(stage.spans(&other).await.0.attribute("fault.name"), None);
    let on = stage.said("the fault slow is on: 100 % of the requests GET /products/{id}");
    assert_eq!(on[0]["level"], "WARN", "{on:?}");
    assert_eq!(on[0]["fault"], "slow");

    stage.switch_off().await;
    stage.is_well().await;
    let off = stage.said("the fault slow is off");
    assert_eq!(off[0]["level"], "INFO", "{off:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_answer_is_a_problem_as_any_other_and_the_share_is_exact() {
    let stage = Stage::set().await;
    stage.switch(fail("GET /products/{id}", 0.25, 503)).await;
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(stage.http.get(PRODUCT).await);
    }
    let statuses: Vec<_> = answers.iter().map(|a| a.status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 503, 200, 200, 200, 503]);
    let answer = &answers[3];
    let problem = answer.problem(503);
    assert!(!problem.to_string().contains("broken"), "{problem}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let line = stage.access_line(answer).await;
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["cause"], "the fault broken is on");
    let (server, others) = stage.spans(answer).await;
    assert_eq!(server.attribute("error.type").as_deref(), Some("503"));
    assert!(others.is_empty(), "nothing was done: {others:?}");
    let failed = [("status", "503"), ("outcome", "SERVER_ERROR")];
    let scrape = stage.scrape().await;
    let count = scrape.sum("http_server_requests_seconds_count", &failed);
    assert!((count - 2.0).abs() < 1e-9, "{count}");
    assert!((stage.injections("broken").await - 2.0).abs() < 1e-9);

    let other = fail("POST /products", 1.0, 500)["broken"].clone();
    stage.switch(json!({ "other": other })).await;
    let body = json!({ "name": "A", "price": 1 });
    stage.http.post("/products", &body).await.problem(500);
    let products = stage.http.get("/products").await.json();
    assert_eq!(
        products.as_array().map(Vec::len),
        Some(3),
        "nothing was stored"
    );
    stage.switch_off().await;
    assert_eq!(stage.http.post("/products", &body).await.status, 201);
    stage.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_take_turns_on_a_lock_and_the_trace_shows_their_wait() {
    let stage = Stage::set().await;
    let lock = json!({ "route": "GET /products/{id}", "milliseconds": 1000 });
    stage.switch(json!({ "queue": { "lock": lock } })).await;
    let begun = Instant::now();
    let (one, two, three) = tokio::join!(
        stage.http.get(PRODUCT),
        stage.http.get(PRODUCT),
        stage.http.get(PRODUCT),
    );
    assert!(begun.elapsed() >= Duration::from_secs(3));
    let mut waits = Vec::new();
    for answer in [one, two, three] {
        assert_eq!(answer.status, 200);
        let (server, others) = stage.spans(&answer).await;
        assert_eq!(server.attribute("fault.name").as_deref(), Some("queue"));
        let wait = others
            .into_iter()
            .find(|record| record.span.name == "wait for the lock")
            .expect("a span of the wait");
        assert_eq!(wait.parent_id(), server.span_id());
        waits.push(wait);
    }
    waits.sort_by_key(|wait| wait.span.end_time_unix_nano);
    // Who got the lock held it for a second before the next one did.
    for turns in waits.windows(2) {
        let (before, after) = (&turns[0].span, &turns[1].span);
        let held = Duration::from_nanos(after.end_time_unix_nano - before.end_time_unix_nano);
        assert!(held >= Duration::from_millis(990), "{held:?}");
    }
    // They came at once, however slow the machine is: within a second.
    let longest = length(&waits[2]);
    assert!(longest > Duration::from_secs(1), "{longest:?}");
    assert!((stage.injections("queue").await - 3.0).abs() < 1e-9);
    stage.switch_off().await;
    stage.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_grows_up_to_its_bound_and_gives_the_memory_back() {
    const BOUND: u64 = 64 << 20;
    let stage = Stage::set().await;
    let before = stage.process.resident_bytes();
    let memory = json!({ "bytes_per_second": BOUND, "up_to_bytes": BOUND });
    stage.switch(json!({ "leak": { "memory": memory } })).await;
    let grown = async || match stage.process.resident_bytes() - before {
        grown if grown >= BOUND => Ok(grown),
        grown => Err(grown),
    };
    let grown = eventually("it has grown", grown).await;
    assert!(grown < BOUND + (8 << 20), "no more than its bound: {grown}");
    assert!(
        (stage.injections("leak").await - 10.0).abs() < 1e-9,
        "steps"
    );
    assert_eq!(stage.http.get(PRODUCT).await.status, 200);
    stage.switch_off().await;
    eventually("the memory is given back", async || {
        match stage.process.resident_bytes().saturating_sub(before) {
            left if left < 8 << 20 => Ok(()),
            left => Err(left),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_is_made_elsewhere_is_only_told_of() {
    let stage = Stage::set().await;
    stage.switch(json!({ "stopped-peer": "outside" })).await;
    let answer = stage.http.get(PRODUCT).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stage.spans(&answer).await.0.attribute("fault.name"), None);
    assert!(stage.injections("stopped-peer").await.abs() < 1e-9);
    stage.switch_off().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_file_is_on_before_the_first_request() {
    let text = fail("GET /products/{id}", 1.0, 500).to_string();
    let stage = Stage::with(Some(&text)).await;
    stage.http.get(PRODUCT).await.problem(500);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_in_the_file_goes_on_and_what_changes_starts_anew() {
    let stage = Stage::set().await;
    let half = fail("GET /products/{id}", 0.5, 500);
    stage.switch(half.clone()).await;
    assert_eq!(stage.http.get(PRODUCT).await.status, 200);
    let mut more = half.clone();
    more["elsewhere"] = json!("outside");
    stage.switch(more).await;
    assert_eq!(
        stage.http.get(PRODUCT).await.status,
        500,
        "the second of two"
    );
    assert_eq!(stage.http.get(PRODUCT).await.status, 200);
    stage.switch(fail("GET /products/{id}", 1.0, 503)).await;
    eventually("the new one is on", async || {
        let status = stage.http.get(PRODUCT).await.status;
        if status == 503 { Ok(()) } else { Err(status) }
    })
    .await;
    assert_eq!(stage.said("the fault broken is off").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_have_no_faults() {
    let mut faults = fail("GET /health", 1.0, 500);
    let metrics = fail("GET /actuator/prometheus", 1.0, 500);
    faults["blind"] = metrics["broken"].clone();
    let stage = Stage::set().await;
    stage.switch(faults).await;
    assert_eq!(stage.http.get("/health").await.status, 200);
    stage.scrape().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_others_may_write_switches_everything_off_until_it_is_mended() {
    let stage = Stage::set().await;
    let text = fail("GET /products/{id}", 1.0, 500).to_string();
    stage.switch(serde_json::from_str(&text).unwrap()).await;
    stage.put(&text, 0o666);
    let why = stage.refusal().await;
    assert!(why.contains("0666") && why.contains("chmod go-w"), "{why}");
    stage.is_well().await;
    assert_eq!(stage.said("no fault is on").len(), 1, "told once");
    fs::set_permissions(stage.file(), Permissions::from_mode(0o600)).expect("its mode");
    stage.active(&["broken".to_owned()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_user_is_refused() {
    let stage = Stage::set().await;
    let new = stage.folder.path().join("new");
    fs::write(&new, fail("GET /products/{id}", 1.0, 500).to_string()).expect("written");
    if std::os::unix::fs::chown(&new, Some(12_345), None).is_err() {
        skip(
            "a_file_of_another_user_is_refused",
            "only root can give a file away",
        );
        return;
    }
    fs::rename(new, stage.file()).expect("in place");
    let why = stage.refusal().await;
    assert!(
        why.contains("the user 12345") && why.contains("chown"),
        "{why}"
    );
    stage.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_file_switches_everything_off_and_the_error_names_the_line() {
    let good = fail("GET /products/{id}", 1.0, 500);
    let pretty = serde_json::to_string_pretty(&good).expect("JSON");
    for (text, why) in [
        (pretty.replace("500", "500,"), "line 7"),
        (pretty.replace("500", "404"), "line 7"),
        (pretty.replace("1.0", "7"), "7 is not a share"),
        (pretty.replace("fail", "explode"), "line 3"),
        (pretty.replace("broken", "Broken!"), "line 2"),
        (
            delay(10_001).to_string(),
            "10001 is not a number from 1 to 10000",
        ),
        (String::new(), "EOF"),
    ] {
        let stage = Stage::set().await;
        stage.switch(good.clone()).await;
        stage.put(&text, 0o644);
        let cause = stage.refusal().await;
        assert!(cause.contains(why), "{why}: {cause}");
        stage.is_well().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_a_request_switches_a_fault_on() {
    let stage = Stage::set().await;
    let fault = delay(10_000);
    let text = fault.to_string();
    let path = stage.file();
    let path = path.to_str().expect("UTF-8");
    for (name, value) in [
        ("x-fault", text.as_str()),
        ("x-faults-file", path),
        ("faults-file", path),
        ("fault-active", "slow"),
        ("baggage", "fault=slow,fault.name=slow"),
        ("tracestate", "fault=slow"),
    ] {
        let answer = stage
            .http
            .send(Method::GET, PRODUCT, &[(name, value)], "")
            .await;
        assert_eq!(answer.status, 200, "{name}");
    }
    for query in ["fault=slow", "delay=10000", "FAULTS_FILE=/tmp/x"] {
        let answer = stage.http.get(&format!("{PRODUCT}?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for target in [
            "/faults",
            "/fault",
            "/actuator/faults",
            "/actuator/prometheus",
            "/health",
        ] {
            let headers = [("content-type", "application/json")];
            let answer = stage
                .http
                .send(method.clone(), target, &headers, text.clone())
                .await;
            assert!(matches!(answer.status.as_u16(), 404 | 405), "{answer:?}");
        }
    }
    let added = json!({ "name": "A", "price": 1, "slow": fault["slow"], "fault": fault });
    stage.http.post("/products", &added).await;
    assert!(!Path::new(path).exists());
    // Two looks at the file later.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    stage.is_well().await;
    assert_eq!(stage.said("is on"), Vec::<LogLine>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_flag_there_is_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(
        "product-service",
        &[("STATE_DIRECTORY", folder.path().into())],
    );
    let http = Http::new(process.address());
    for family in Scrape::of(&http).await.types.keys() {
        assert!(!family.contains("fault"), "{family}");
    }
    assert!(
        !process
            .log()
            .iter()
            .any(|line| line.to_string().contains("fault"))
    );
}
