//! A service under systemd: what it tells NOTIFY_SOCKET, the watchdog, a socket handed over, and
//! the reading again of its settings.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::journal::may_unshare;
use harness::{
    Http, LogLine, Manager, Process, Raw, Scrape, add_products, binary, eventually, skip::skip,
};
use http::Method;
use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// The product service under this manager.
fn start(manager: &Manager, environment: &[(&'static str, &str)]) -> Process {
    manager.spawn("product-service", environment)
}

fn microseconds_now() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

async fn eventually_logged(
    process: &Process,
    what: &str,
    wanted: impl Fn(&LogLine) -> bool,
) -> LogLine {
    eventually(what, async || {
        let log = process.log();
        log.iter().find(|line| wanted(line)).cloned().ok_or(log)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_is_said_when_requests_are_answered_and_stopping_when_it_ends() {
    let manager = Manager::new();
    let mut product = start(&manager, &[]);
    let ready = manager.message();
    assert!(
        ready.contains(&"READY=1".to_owned()),
        "the first word: {ready:?}"
    );
    // No `eventually`: systemd relies on it at once.
    let answer = Http::new(Manager::address_in(&ready))
        .get("/products")
        .await;
    assert_eq!(answer.status, 200);
    assert!(product.terminate(Duration::from_secs(20)).success());
    let stopping = manager.message();
    assert!(stopping.contains(&"STOPPING=1".to_owned()), "{stopping:?}");
    assert!(
        stopping.iter().any(|line| line.starts_with("STATUS=")),
        "{stopping:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_is_never_said_by_a_service_whose_store_cannot_open() {
    let manager = Manager::new();
    std::fs::write(manager.folder().join("state"), "no folder").expect("a file");
    let mut product = start(&manager, &[]);
    assert_eq!(product.wait(Duration::from_secs(20)).code(), Some(74));
    assert!(!manager.has_message());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_reads_the_log_filter_again_and_a_broken_one_keeps_the_old() {
    let manager = Manager::new();
    let file = manager.folder().join("filter");
    std::fs::write(&file, "warn\n").expect("a file");
    let product = start(
        &manager,
        &[("LOG_FILTER_FILE", file.to_str().expect("UTF-8"))],
    );
    let http = Http::new(manager.ready());

    std::fs::write(&file, "debug").expect("a file");
    let before = microseconds_now();
    product.signal(Signal::HUP);
    let reloading = manager.wait_for("RELOADING=1");
    let time = reloading
        .iter()
        .find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    let time: i64 = time
        .expect("Type=notify-reload wants it")
        .parse()
        .expect("a number");
    assert!((before..=microseconds_now()).contains(&time), "{time}");
    manager.wait_for("READY=1");
    http.get("/health").await;
    let probe = |line: &LogLine| line["uri"] == "/health" && line["level"] == "DEBUG";
    eventually_logged(&product, "the new filter shows probes", probe).await;

    std::fs::write(&file, "product_service=nonsense").expect("a file");
    product.signal(Signal::HUP);
    manager.wait_for("RELOADING=1");
    manager.wait_for("READY=1");
    let warning = |line: &LogLine| line["level"] == "WARN";
    let warning = eventually_logged(&product, "the broken filter is warned of", warning).await;
    let message = warning["message"].as_str().expect("a text");
    assert!(message.contains(file.to_str().expect("UTF-8")), "{message}");
    let probes = product.log().iter().filter(|line| probe(line)).count();
    http.get("/health").await;
    eventually("the old filter still shows probes", async || {
        let now = product.log().iter().filter(|line| probe(line)).count();
        (now > probes).then_some(()).ok_or(now)
    })
    .await;
    assert!(
        product
            .log()
            .iter()
            .all(|line| line["message"] != "product-service listening"),
        "the filter of the start was warn"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_without_a_filter_file_changes_nothing_and_ends_nothing() {
    let manager = Manager::new();
    let product = start(&manager, &[]);
    let http = Http::new(manager.ready());
    product.signal(Signal::HUP);
    manager.wait_for("RELOADING=1");
    manager.wait_for("READY=1");
    assert_eq!(http.get("/health").await.status, 200);
}

fn health_lines(process: &Process) -> usize {
    process
        .log()
        .iter()
        .filter(|line| line["uri"] == "/health")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_is_fed_twice_an_interval_by_a_real_request() {
    let manager = Manager::new();
    let product = start(
        &manager,
        &[("WATCHDOG_USEC", "200000"), ("RUST_LOG", "debug")],
    );
    manager.wait_for("READY=1");
    manager.wait_for("WATCHDOG=1");
    let begun = Instant::now();
    for _ in 0..10 {
        manager.wait_for("WATCHDOG=1");
    }
    // Half of the interval, ten times; never sooner, or it would be no watch.
    let elapsed = begun.elapsed();
    assert!(elapsed >= Duration::from_millis(850), "{elapsed:?}");
    eventually("each word has its request", async || {
        let lines = health_lines(&product);
        (lines >= 11).then_some(()).ok_or(lines)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_watchdog_there_are_no_words_and_no_requests() {
    let manager = Manager::new();
    let product = start(&manager, &[("RUST_LOG", "debug")]);
    let http = Http::new(manager.ready());
    for _ in 0..20 {
        http.get("/products").await;
    }
    assert!(!manager.has_message());
    assert_eq!(health_lines(&product), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_starves_while_the_service_does_not_answer() {
    let manager = Manager::new();
    let product = start(&manager, &[("WATCHDOG_USEC", "300000")]);
    manager.ready();
    manager.wait_for("WATCHDOG=1");
    product.signal(Signal::STOP);
    while manager.has_message() {}
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!manager.has_message(), "no word while nobody is answered");
    product.signal(Signal::CONT);
    manager.wait_for("WATCHDOG=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_feeds_the_watchdog_and_warns_of_nothing() {
    let manager = Manager::new();
    let mut product = start(&manager, &[("WATCHDOG_USEC", "300000")]);
    let address = manager.ready();
    manager.wait_for("WATCHDOG=1");
    let body = json!({ "name": "a slow thing", "price": 1 }).to_string();
    let (first, last) = body.split_at(body.len() - 1);
    let mut client = Raw::connect(address).await;
    let head = format!(
        "POST /products HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    client.send(head).await.expect("sent");
    let http = Http::new(address);
    eventually("the request is under way", async || {
        let in_flight = Scrape::of(&http).await;
        let in_flight = in_flight.sum("http_server_requests_in_flight", &[]);
        (in_flight >= 2.0).then_some(()).ok_or(in_flight)
    })
    .await;
    product.signal(Signal::TERM);
    manager.wait_for("STOPPING=1");
    for _ in 0..10 {
        manager.wait_for("WATCHDOG=1");
    }
    client.send(last).await.expect("still open");
    assert_eq!(client.answer().await.expect("an answer").status, 201);
    assert!(product.wait(Duration::from_secs(20)).success());
    let log = product.log();
    assert!(log.iter().all(|line| line["level"] != "WARN"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_nothing_starve_no_watchdog_and_lose_their_places() {
    const PLACES: usize = 4;
    let manager = Manager::new();
    let product = start(
        &manager,
        &[("WATCHDOG_USEC", "1000000"), ("MAX_CONNECTIONS", "4")],
    );
    let address = manager.ready();
    add_products(address, 400).await;
    // Twenty megabytes: more than the buffers of the kernel take on both sides.
    let requests = "GET /products HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200);
    let mut deaf = Vec::new();
    for _ in 0..PLACES {
        let mut client = Raw::connect(address).await;
        client.send(&requests).await.expect("sent");
        deaf.push(client);
    }
    let begun = Instant::now();
    eventually(
        "all places are taken by answers that nobody reads",
        async || {
            let mut late = Raw::connect(address).await;
            late.send("GET /health HTTP/1.1\r\nhost: a\r\n\r\n")
                .await
                .expect("sent");
            let heard = late.hears_within(Duration::from_secs(2)).await;
            (!heard).then_some(()).ok_or(begun.elapsed())
        },
    )
    .await;
    while manager.has_message() {}
    for _ in 0..6 {
        manager.wait_for("WATCHDOG=1");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "the places were free before the watchdog was fed: {:?}",
        begun.elapsed()
    );
    let mut late = Raw::connect(address).await;
    late.send("GET /products/product1 HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .expect("sent");
    let answer = late.answer().await.expect("a place is free again");
    assert_eq!(answer.status, 200);
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(20), "after {waited:?}");
    let silent = |line: &&LogLine| line.to_string().contains("does not answer itself");
    assert_eq!(product.log().iter().find(silent), None);
    drop(deaf);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_a_full_disk_is_alive_and_the_watchdog_fed() {
    const TEST: &str = "a_service_with_a_full_disk_is_alive_and_the_watchdog_fed";
    if let Err(why) = may_unshare() {
        return skip(TEST, &why);
    }
    let manager = Manager::new();
    let state = manager.folder().join("state");
    std::fs::create_dir(&state).expect("a folder");
    let mount = r#"mount -t tmpfs -o size=1m tmpfs "$STATE_DIRECTORY" && exec "$0""#;
    let arguments = ["-rm", "sh", "-c", mount].map(OsString::from);
    let program = binary("product-service").into_os_string();
    let mut environment = manager.environment();
    environment.push(("WATCHDOG_USEC", "200000".into()));
    let arguments = [&arguments[..], &[program]].concat();
    let product = Process::spawn(
        Path::new("unshare"),
        "product-service",
        &arguments,
        &environment,
    );
    let http = Http::new(manager.ready());
    assert_eq!(http.get("/health").await.status, 200);

    // The folder as the service sees it.
    let inside = format!("/proc/{}/root{}", product.id(), state.display());
    let filler = PathBuf::from(inside).join("filler");
    let mut file = File::create(&filler).expect("a file in the service's own mount");
    while file.write_all(&[0; 4096]).is_ok() {}
    let down = eventually("the store is unusable", async || {
        let answer = http.get("/health").await;
        (answer.status == 503)
            .then_some(answer.json())
            .ok_or(answer.status)
    })
    .await;
    assert_eq!(down["status"], "DOWN");
    assert_eq!(down["components"]["store"]["status"], "DOWN", "{down}");
    while manager.has_message() {}
    for _ in 0..5 {
        manager.wait_for("WATCHDOG=1");
    }
    assert_eq!(http.get("/health").await.status, 503, "still full");
    let error = |line: &LogLine| line["level"] == "ERROR" && line["cause"].is_string();
    eventually_logged(&product, "the log names the cause", error).await;

    drop(file);
    std::fs::remove_file(&filler).expect("the file");
    eventually("the store heals by itself", async || {
        let status = http.get("/health").await.status;
        (status == 200).then_some(()).ok_or(status)
    })
    .await;
    assert!(Scrape::of(&http).await.series() > 0);
}

/// Starts the product service with `listener` handed over as systemd does: file descriptor 3,
/// LISTEN_FDS and LISTEN_PID.
fn hand_over(listener: &TcpListener, state: &Path, words: &'static str) -> std::process::Child {
    let handed_over: OwnedFd = listener.try_clone().expect("a descriptor").into();
    let enter = format!("exec 3<&0 </dev/null; export LISTEN_PID=$$ {words}; exec \"$0\"");
    Command::new("sh")
        .args(["-c", &enter])
        .arg(binary("product-service"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // A port of its own would be this one, which nobody may bind.
        .env("HOST", "192.0.2.1")
        .env("STATE_DIRECTORY", state)
        .stdin(Stdio::from(handed_over))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh")
}

fn terminate(mut child: std::process::Child) {
    let id = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(id.expect("a process id"), Signal::TERM).expect("alive");
    assert!(child.wait().expect("a child").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_made_while_nobody_runs_is_answered_when_the_service_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    for round in 0..3 {
        // The service does not run; the kernel takes the connection for it.
        let mut stream = TcpStream::connect(address).expect("not refused");
        stream
            .write_all(b"GET /products/product1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .expect("sent");
        let product = hand_over(&listener, &folder.path().join("state"), "LISTEN_FDS=1");
        let mut answer = String::new();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket");
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(
            answer.starts_with("HTTP/1.1 200 OK"),
            "round {round}: {answer}"
        );
        terminate(product);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_under_a_handed_over_socket_refuses_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let state = folder.path().join("state");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let client = tokio::spawn(async move {
        let mut answered = 0;
        while !*stopped.borrow() {
            // A connection for each, as a newcomer has it.
            let answer = Http::new(address).get("/products/product1").await;
            assert_eq!(answer.status, 200);
            answered += 1;
        }
        answered
    });
    for _ in 0..3 {
        let product = hand_over(&listener, &state, "LISTEN_FDS=1");
        let http = Http::new(address);
        for _ in 0..20 {
            assert_eq!(
                http.send(Method::GET, "/health", &[("connection", "close")], "")
                    .await
                    .status,
                200
            );
        }
        tokio::task::spawn_blocking(move || terminate(product))
            .await
            .expect("ended");
    }
    let last = hand_over(&listener, &state, "LISTEN_FDS=1");
    stop.send_replace(true);
    assert!(client.await.expect("no request failed") > 20);
    terminate(last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_another_process_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    // LISTEN_PID names another process: the variables were inherited, the socket is not ours.
    let product = hand_over(&listener, folder.path(), "LISTEN_FDS=1 LISTEN_PID=1");
    let output = product.wait_with_output().expect("a child");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && error.contains("192.0.2.1"),
        "{error}"
    );
}
