//! The journal: each event as one entry with native fields, byte by byte on the wire, and read
//! back where a journal can run; and a journal that stalls or goes away, which slows nobody.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::journal::{Entry, may_unshare, spawn_with_journal};
use harness::{Answer, Http, Journal, Process, Scrape, Shop, eventually, skip::skip};
use http::Method;
use serde_json::{Value, json};

const DROPPED: &str = "telemetry_logs_dropped_total";

/// The fields of every entry; those of the source are the journal's own names for it.
const ALWAYS: [&str; 6] = [
    "MESSAGE",
    "PRIORITY",
    "SYSLOG_IDENTIFIER",
    "TARGET",
    "CODE_FILE",
    "CODE_LINE",
];
/// The fields of an entry in the context of a request.
const OF_A_REQUEST: [&str; 3] = ["TRACE_ID", "SPAN_ID", "REQUEST_ID"];
/// The fields of an access line beside these.
const OF_AN_ACCESS: [&str; 4] = ["METHOD", "URI", "STATUS", "DURATION_MS"];

/// syslog(3): what a level is in the journal.
const ERROR: &str = "3";
const WARNING: &str = "4";
const INFORMATIONAL: &str = "6";
const DEBUG: &str = "7";

/// A journal, or a loud skip.
fn journal(test: &str) -> Option<Journal> {
    Journal::open().map_err(|why| skip(test, &why)).ok()
}

fn state(folder: &tempfile::TempDir) -> (&'static str, OsString) {
    ("STATE_DIRECTORY", folder.path().join("state").into())
}

/// Waits until there is an entry like this; that entry.
async fn entry_of(journal: &mut Journal, what: &str, wanted: impl Fn(&Entry) -> bool) -> Entry {
    eventually(what, async || {
        let entries = journal.entries();
        entries
            .iter()
            .find(|entry| wanted(entry))
            .cloned()
            .ok_or_else(|| entries.to_vec())
    })
    .await
}

fn is(entry: &Entry, name: &str, value: &str) -> bool {
    entry.get(name).is_some_and(|found| found == value)
}

/// Runs an order service whose journal is the test's through an order, a short one, a probe and
/// a failed one; their answers, and all entries.
async fn entries_of_a_life(mut journal: Journal) -> ([Answer; 3], Vec<Entry>) {
    let mut shop = Shop::start();
    let mut environment = shop.environment("order-service");
    environment.push(("PORT", "0".into()));
    environment.push(("STATE_DIRECTORY", shop.folder().join("with-journal").into()));
    environment.push(("RUST_LOG", "info,server=debug".into()));
    let (mut order, address) = journal.start("order-service", &environment).await;
    let http = Http::new(address);
    let wish = json!({ "productId": "product1", "quantity": 2 });
    let created = http
        .post_with("/orders", &[("x-request-id", "the-request")], &wish)
        .await;
    assert_eq!(created.status, 201);
    let too_many = json!({ "productId": "product1", "quantity": 999 });
    let short = http.post("/orders", &too_many).await;
    assert_eq!(short.status, 409);
    assert_eq!(http.get("/health").await.status, 200);
    shop.kill("product-service");
    let failed = http.post("/orders", &wish).await;
    assert_eq!(failed.status, 503);
    assert!(order.terminate(Duration::from_secs(20)).success());
    assert!(
        order.lines().is_empty(),
        "nothing goes to the output as well: {:?}",
        order.lines()
    );
    ([created, short, failed], journal.entries().to_vec())
}

/// Asserts that one of these entries has all of these fields.
fn assert_one_has(entries: &[&Entry], fields: &[(&str, &str)]) {
    let found = entries
        .iter()
        .any(|entry| fields.iter().all(|(name, value)| is(entry, name, value)));
    assert!(found, "none has {fields:?}: {entries:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_of_an_order_is_one_entry_with_native_fields() {
    let Some(journal) = journal("each_event_of_an_order_is_one_entry_with_native_fields") else {
        return;
    };
    let ([created, short, failed], entries) = entries_of_a_life(journal).await;
    let of = |answer: &Answer| -> Vec<&Entry> {
        let trace = answer.trace_id();
        entries
            .iter()
            .filter(|entry| is(entry, "TRACE_ID", &trace))
            .collect()
    };
    let order_id = created.json()["id"].as_str().expect("an id").to_owned();
    let events = of(&created);
    assert_eq!(
        events.len(),
        2,
        "the order's own event and the access line: {events:#?}"
    );
    assert_one_has(
        &events,
        &[
            ("ORDER_ID", order_id.as_str()),
            ("PRODUCT_ID", "product1"),
            ("QUANTITY", "2"),
            ("TOTAL_PRICE", "21.98"),
            ("PRIORITY", INFORMATIONAL),
            ("REQUEST_ID", "the-request"),
            (
                "MESSAGE",
                &format!("order {order_id} created: 2 of product1"),
            ),
        ],
    );
    assert_one_has(
        &events,
        &[
            ("METHOD", "POST"),
            ("URI", "/orders"),
            ("STATUS", "201"),
            ("PRIORITY", INFORMATIONAL),
            ("REQUEST_ID", "the-request"),
        ],
    );
    assert_one_has(&of(&short), &[("PRIORITY", WARNING), ("STOCK", "98")]);
    assert_one_has(&of(&failed), &[("PRIORITY", ERROR), ("STATUS", "503")]);
    let all: Vec<_> = entries.iter().collect();
    assert_one_has(&all, &[("PRIORITY", DEBUG), ("URI", "/health")]);

    for entry in &entries {
        // That no field stands twice and each name is one that the journal takes, the reader of
        // the wire has checked.
        assert!(
            ALWAYS.iter().all(|name| entry.contains_key(*name)),
            "{entry:?}"
        );
        assert!(is(entry, "SYSLOG_IDENTIFIER", "order-service"), "{entry:?}");
        assert!(
            entry.keys().all(|name| !name.starts_with("F_")),
            "{entry:?}"
        );
        let of_a_request = OF_A_REQUEST
            .iter()
            .filter(|name| entry.contains_key(**name))
            .count();
        assert!([0, 3].contains(&of_a_request), "{entry:?}");
        if entry.contains_key("DURATION_MS") {
            assert!(
                OF_AN_ACCESS.iter().all(|name| entry.contains_key(*name)),
                "{entry:?}"
            );
            assert_eq!(
                entry.contains_key("CAUSE"),
                is(entry, "PRIORITY", ERROR),
                "{entry:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_several_lines_is_one_entry_as_it_is() {
    let Some(mut journal) = journal("a_message_of_several_lines_is_one_entry_as_it_is") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    // The text of the filter stands in an event, and a file may have any number of lines.
    let file = folder.path().join("filter\nPRIORITY=0\nFORGED=1");
    std::fs::write(&file, "info").expect("a file");
    let environment = [state(&folder), ("LOG_FILTER_FILE", file.clone().into())];
    let (product, _) = journal.start("product-service", &environment).await;
    std::fs::write(&file, "product_service=nonsense").expect("a file");
    product.signal(rustix::process::Signal::HUP);
    let warning = entry_of(&mut journal, "the broken filter is warned of", |entry| {
        is(entry, "PRIORITY", WARNING)
    })
    .await;
    assert!(
        warning["MESSAGE"].contains(file.to_str().expect("UTF-8")),
        "{warning:?}"
    );
    assert!(!warning.contains_key("FORGED"), "{warning:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_is_the_journal_when_systemd_connected_the_output_to_it() {
    let Some(mut journal) = journal("auto_is_the_journal_when_systemd_connected_the_output_to_it")
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let auto = ("LOG_FORMAT", OsString::from("auto"));
    let environment = [state(&folder), auto.clone(), ("CLAIM", "1".into())];
    let (mut product, _) = journal.start("product-service", &environment).await;
    assert!(product.terminate(Duration::from_secs(20)).success());
    assert!(product.lines().is_empty(), "{:?}", product.lines());

    // The variable is inherited, and the output is another: JSON.
    let written = journal.entries().len();
    let environment = [state(&folder), auto, ("JOURNAL_STREAM", "8:4242".into())];
    let mut product = journal.spawn("product-service", &environment);
    eventually("a line of JSON", async || {
        let lines = product.lines();
        let first = lines.first().ok_or("none")?;
        serde_json::from_str::<Value>(first)
            .map(drop)
            .map_err(|_| "no JSON")
    })
    .await;
    assert!(product.terminate(Duration::from_secs(20)).success());
    assert_eq!(journal.entries().len(), written);
}

async fn dropped(http: &Http) -> f64 {
    Scrape::of(http)
        .await
        .value(DROPPED, &[])
        .expect("the counter")
}

/// Many requests at once, each with an access line; each must be answered.
async fn ask(address: std::net::SocketAddr, requests: usize) {
    const CLIENTS: usize = 16;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let http = Http::new(address);
            tokio::spawn(async move {
                for _ in 0..requests / CLIENTS {
                    let answer = http.send(Method::GET, "/no-such-path", &[], "").await;
                    assert_eq!(answer.status, 404);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("every request is answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_stops_reading_blocks_no_request_and_each_loss_is_counted() {
    // More than the queue (8192) and the socket hold together.
    const REQUESTS: usize = 12_000;
    let Some(mut journal) =
        journal("a_journal_that_stops_reading_blocks_no_request_and_each_loss_is_counted")
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut product, address) = journal.start("product-service", &[state(&folder)]).await;
    let http = Http::new(address);
    let before = journal.entries().len();
    // Nobody reads the socket now: whoever waited for the journal would wait for ever.
    ask(address, REQUESTS).await;
    let lost = dropped(&http).await;
    assert!(lost > 0.0, "the queue is bounded");
    // It reads again: all that was not dropped is there.
    eventually("dropped and written are all", async || {
        let written = journal.entries().len() - before;
        let lost = dropped(&http).await;
        #[allow(clippy::cast_precision_loss)] // some thousands
        let all = written as f64 + lost;
        #[allow(clippy::cast_precision_loss)]
        let made = REQUESTS as f64;
        ((all - made).abs() < f64::EPSILON)
            .then_some(())
            .ok_or((written, lost))
    })
    .await;
    let lost = dropped(&http).await;
    http.get("/products").await;
    entry_of(&mut journal, "what comes now is written", |entry| {
        is(entry, "URI", "/products")
    })
    .await;
    assert!((dropped(&http).await - lost).abs() < f64::EPSILON);
    drain_while_ending(&mut product, &mut journal).await;
}

/// Ends a service whose journal has to be read for its last words to leave.
async fn drain_while_ending(product: &mut Process, journal: &mut Journal) {
    product.signal(rustix::process::Signal::TERM);
    entry_of(journal, "the last word", |entry| {
        entry["MESSAGE"].ends_with("stopped")
    })
    .await;
    assert!(product.wait(Duration::from_secs(20)).success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_the_same_error_is_ten_entries_and_one_with_the_count_of_the_rest() {
    let Some(mut journal) = journal("a_storm_of_the_same_error") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut product, address) = journal.start("product-service", &[state(&folder)]).await;
    std::fs::rename(folder.path().join("state"), folder.path().join("away")).expect("it goes away");
    let http = Http::new(address);
    for _ in 0..50 {
        let answer = http
            .post("/products", &json!({ "name": "A", "price": 1 }))
            .await;
        assert_eq!(answer.status, 503);
        journal.entries();
    }
    drain_while_ending(&mut product, &mut journal).await;
    let entries = journal.entries();
    let told = entries.iter().filter(|entry| {
        entry["MESSAGE"].contains("the store could not commit") && is(entry, "PRIORITY", ERROR)
    });
    let counts: Vec<u64> = told
        .map(|entry| {
            entry
                .get("REPEATED")
                .map_or(1, |count| count.parse().expect("a number"))
        })
        .collect();
    assert_eq!(counts.iter().sum::<u64>(), 50, "{counts:?}");
    // A loaded machine may need more than one second for them, and then has so many storms.
    assert!(counts.len() < 50, "{counts:?}");
    let answered = entries.iter().filter(|entry| is(entry, "STATUS", "503"));
    assert_eq!(answered.count(), 50, "each request has its line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_journal_does_not_hold_up_the_end_of_a_service() {
    let Some(mut journal) = journal("a_stalled_journal_does_not_hold_up_the_end_of_a_service")
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut product, address) = journal.start("product-service", &[state(&folder)]).await;
    ask(address, 2000).await;
    // The bound of the flush is 3 s; a machine that is busy may need more than that.
    assert!(product.terminate(Duration::from_secs(15)).success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_gone_is_counted_and_used_again_when_it_is_back() {
    let Some(mut journal) =
        journal("a_journal_that_is_gone_is_counted_and_used_again_when_it_is_back")
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (product, address) = journal.start("product-service", &[state(&folder)]).await;
    let http = Http::new(address);
    assert!(dropped(&http).await.abs() < f64::EPSILON);
    journal.vanish();
    ask(address, 160).await;
    eventually("each lost event is counted", async || {
        let lost = dropped(&http).await;
        ((lost - 160.0).abs() < f64::EPSILON)
            .then_some(())
            .ok_or(lost)
    })
    .await;
    journal.listen();
    http.get("/products").await;
    entry_of(&mut journal, "the journal is used again", |entry| {
        is(entry, "URI", "/products")
    })
    .await;
    assert!((dropped(&http).await - 160.0).abs() < f64::EPSILON);
    drop(product);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_told_to_use_a_journal_that_is_not_there_says_so() {
    let Some(mut journal) = journal("a_service_told_to_use_a_journal_that_is_not_there_says_so")
    else {
        return;
    };
    journal.vanish();
    let folder = tempfile::tempdir().expect("a folder");
    let mut product = journal.spawn("product-service", &[state(&folder)]);
    assert_eq!(product.wait(Duration::from_secs(20)).code(), Some(64));
    assert!(
        product.errors().contains("LOG_FORMAT is journald"),
        "{}",
        product.errors()
    );
}

/// A journal daemon of its own, in a mount namespace of its own, as a journal namespace: it
/// touches neither the host's journal nor /dev/log.
struct Daemon {
    process: Process,
    folder: tempfile::TempDir,
}

const DAEMON: &str = "/usr/lib/systemd/systemd-journald";

/// Its sockets are at `run`, its files at `log`.
const ENTER: &str = r#"
    mkdir -p "$FOLDER/run/systemd" "$FOLDER/log/journal" &&
    mount --bind "$FOLDER/run" /run && mount --bind "$FOLDER/log" /var/log && exec "$0" shop
"#;

impl Daemon {
    async fn start() -> Result<Self, String> {
        may_unshare()?;
        if !Path::new(DAEMON).exists() {
            return Err(format!("there is no {DAEMON}"));
        }
        let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        if id.trim().is_empty() {
            return Err("/etc/machine-id is empty".to_owned());
        }
        if Command::new("journalctl")
            .arg("--version")
            .output()
            .is_err()
        {
            return Err("there is no journalctl".to_owned());
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let arguments = ["-rm", "sh", "-c", ENTER, DAEMON].map(OsString::from);
        let environment = [
            ("FOLDER", folder.path().into()),
            ("LOG_FORMAT", OsString::new()),
        ];
        let process = Process::spawn(Path::new("unshare"), "journald", &arguments, &environment);
        let daemon = Self { process, folder };
        eventually("the daemon listens", async || {
            let listens = daemon.sockets().join("socket").exists();
            listens.then_some(()).ok_or_else(|| daemon.process.errors())
        })
        .await;
        Ok(daemon)
    }

    fn sockets(&self) -> PathBuf {
        self.folder.path().join("run/systemd/journal.shop")
    }

    /// What `journalctl` finds for a match such as `TRACE_ID=...`.
    fn read(&self, matching: &str) -> Vec<Value> {
        let folders = std::fs::read_dir(self.folder.path().join("log/journal")).expect("a folder");
        let folder = folders.map(|entry| entry.expect("a folder").path()).next();
        let Some(folder) = folder else {
            return Vec::new();
        };
        let output = Command::new("journalctl")
            .args(["--output=json", "--no-pager", "--quiet", "--directory"])
            .arg(folder)
            .arg(matching)
            .output()
            .expect("journalctl");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_journal_finds_the_events_of_a_request_by_its_trace() {
    const TEST: &str = "a_real_journal_finds_the_events_of_a_request_by_its_trace";
    let daemon = match Daemon::start().await {
        Ok(daemon) => daemon,
        Err(why) => return skip(TEST, &why),
    };
    let manager = harness::Manager::new();
    let product = spawn_with_journal(&daemon.sockets(), "product-service", &manager.environment());
    let http = Http::new(manager.ready());
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", "read-back"),
    ];
    let answer = http
        .send(
            Method::POST,
            "/products",
            &headers,
            r#"{"name":"A","price":1}"#,
        )
        .await;
    assert_eq!(answer.status, 201);
    let entries = eventually("the journal has the access line", async || {
        let entries = daemon.read(&format!("TRACE_ID={}", answer.trace_id()));
        let complete = entries.iter().any(|entry| entry["STATUS"] == "201");
        if complete { Ok(entries) } else { Err(entries) }
    })
    .await;
    for entry in &entries {
        assert_eq!(entry["SYSLOG_IDENTIFIER"], "product-service");
        assert_eq!(entry["PRIORITY"], INFORMATIONAL);
        assert_eq!(entry["REQUEST_ID"], "read-back");
        assert_eq!(entry["_TRANSPORT"], "journal");
        assert!(entry["MESSAGE"].is_string(), "{entry}");
    }
    let access = entries
        .iter()
        .find(|entry| entry["STATUS"] == "201")
        .expect("found above");
    assert_eq!(
        (&access["URI"], &access["METHOD"]),
        (&json!("/products"), &json!("POST"))
    );
    drop(product);
}
