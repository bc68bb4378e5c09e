//! A service under systemd: what it tells NOTIFY_SOCKET, the watchdog, a socket handed over, the
//! reading again of its settings, and how it ends when it cannot start.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use harness::journal::may_unshare;
use harness::{Http, LogLine, Process, Scrape, eventually, release_binary, skip::skip};
use http::Method;
use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

/// The contract's configuration: the variable, its default, and who knows it.
const VARIABLES: &[(&str, &str, &[&str])] = &[
    ("HOST", "127.0.0.1", ALL),
    ("PORT", "", ALL),
    (
        "PRODUCT_SERVICE_URL",
        "http://127.0.0.1:8081",
        &["gateway-service", "order-service"],
    ),
    (
        "INVENTORY_SERVICE_URL",
        "http://127.0.0.1:8082",
        &["gateway-service", "order-service"],
    ),
    (
        "ORDER_SERVICE_URL",
        "http://127.0.0.1:8083",
        &["gateway-service"],
    ),
    (
        "GATEWAY_SERVICE_URL",
        "http://127.0.0.1:8080",
        &["frontend"],
    ),
    ("TRACES_URL", "", &["frontend"]),
    ("JAEGER_UI_URL", "", &["frontend"]),
    ("GRAFANA_URL", "", &["frontend"]),
    (
        "STATE_DIRECTORY",
        "state",
        &["product-service", "inventory-service", "order-service"],
    ),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "", ALL),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", ALL),
    ("OTEL_EXPORTER_OTLP_HEADERS", "", ALL),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "10000", ALL),
    ("OTEL_SERVICE_NAME", "", ALL),
    ("OTEL_RESOURCE_ATTRIBUTES", "", ALL),
    ("OTEL_TRACES_SAMPLER", "parentbased_always_on", ALL),
    ("OTEL_TRACES_SAMPLER_ARG", "", ALL),
    ("OTEL_BSP_SCHEDULE_DELAY", "5000", ALL),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "2048", ALL),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512", ALL),
    ("OTEL_BSP_EXPORT_TIMEOUT", "30000", ALL),
    ("OTEL_SDK_DISABLED", "false", ALL),
    ("RUST_LOG", "info", ALL),
    ("LOG_FORMAT", "auto", ALL),
    ("LOG_FILTER_FILE", "", ALL),
];

/// What systemd sets; there is no flag for it, and a reader of the help is told of it.
const OF_SYSTEMD: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
    "CREDENTIALS_DIRECTORY",
];

const ALL: &[&str] = &[
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
];

const PORTS: [(&str, &str); 5] = [
    ("frontend", "3001"),
    ("gateway-service", "8080"),
    ("product-service", "8081"),
    ("inventory-service", "8082"),
    ("order-service", "8083"),
];

/// The end of NOTIFY_SOCKET where systemd would be.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket");
        Self { folder, socket }
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("NOTIFY_SOCKET", self.folder.path().join("notify").into()),
            ("STATE_DIRECTORY", self.folder.path().join("state").into()),
        ]
    }

    /// The next message as its lines.
    fn message(&self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let length = self
            .socket
            .recv(&mut bytes)
            .expect("a message within half a minute");
        let text = std::str::from_utf8(&bytes[..length]).expect("UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    /// Reads until a message with this line comes; that message.
    fn wait_for(&self, line: &str) -> Vec<String> {
        loop {
            let message = self.message();
            if message.iter().any(|found| found == line) {
                return message;
            }
        }
    }

    /// Whether a message waits now.
    fn has_message(&self) -> bool {
        self.socket.set_nonblocking(true).expect("a socket");
        let found = self.socket.recv(&mut [0; 4096]).is_ok();
        self.socket.set_nonblocking(false).expect("a socket");
        found
    }

    /// Starts the product service, which says nothing before it is ready.
    fn start(&self, environment: &[(&'static str, &str)]) -> Process {
        let mut all = self.environment();
        all.extend(
            environment
                .iter()
                .map(|(name, value)| (*name, OsString::from(value))),
        );
        Process::spawn(
            &release_binary("product-service"),
            "product-service",
            &[],
            &all,
        )
    }
}

/// The address in `STATUS=listening on ...`.
fn address_in(message: &[String]) -> SocketAddr {
    let status = message
        .iter()
        .find_map(|line| line.strip_prefix("STATUS=listening on "));
    status
        .unwrap_or_else(|| panic!("no status: {message:?}"))
        .parse()
        .expect("an address")
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
    let mut product = manager.start(&[]);
    let ready = manager.message();
    assert!(
        ready.contains(&"READY=1".to_owned()),
        "the first word: {ready:?}"
    );
    // No eventually: whoever is told must be able to rely on it.
    let answer = Http::new(address_in(&ready)).get("/products").await;
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
    std::fs::write(manager.folder.path().join("state"), "no folder").expect("a file");
    let mut product = manager.start(&[]);
    assert_eq!(product.wait(Duration::from_secs(20)).code(), Some(74));
    assert!(!manager.has_message());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_reads_the_log_filter_again_and_a_broken_one_keeps_the_old() {
    let manager = Manager::new();
    let file = manager.folder.path().join("filter");
    std::fs::write(&file, "warn\n").expect("a file");
    let product = manager.start(&[("LOG_FILTER_FILE", file.to_str().expect("UTF-8"))]);
    let http = Http::new(address_in(&manager.wait_for("READY=1")));

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
    let product = manager.start(&[]);
    let http = Http::new(address_in(&manager.wait_for("READY=1")));
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
    let product = manager.start(&[("WATCHDOG_USEC", "200000"), ("RUST_LOG", "debug")]);
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
    let product = manager.start(&[("RUST_LOG", "debug")]);
    let http = Http::new(address_in(&manager.wait_for("READY=1")));
    for _ in 0..20 {
        http.get("/products").await;
    }
    assert!(!manager.has_message());
    assert_eq!(health_lines(&product), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_starves_while_the_service_does_not_answer() {
    let manager = Manager::new();
    // One place for a connection: whoever holds it keeps all others out.
    let product = manager.start(&[("WATCHDOG_USEC", "300000"), ("MAX_CONNECTIONS", "1")]);
    let address = address_in(&manager.wait_for("READY=1"));
    manager.wait_for("WATCHDOG=1");
    let mut held = TcpStream::connect(address).expect("a connection");
    let begun = "POST /products HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n";
    held.write_all(begun.as_bytes()).expect("sent");
    let silent = |line: &LogLine| {
        line["level"] == "WARN"
            && line["message"]
                .as_str()
                .is_some_and(|text| text.contains("does not answer itself"))
    };
    eventually_logged(&product, "the watchdog says why it is silent", silent).await;
    while manager.has_message() {}
    let warnings = product.log().iter().filter(|line| silent(line)).count();
    eventually("two more intervals", async || {
        let now = product.log().iter().filter(|line| silent(line)).count();
        (now >= warnings + 2).then_some(()).ok_or(now)
    })
    .await;
    assert!(!manager.has_message(), "no word while nobody is answered");
    held.write_all(br#"{"name":"A","price":1}"#).expect("sent");
    drop(held);
    manager.wait_for("WATCHDOG=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_a_full_disk_is_alive_and_the_watchdog_fed() {
    const TEST: &str = "a_service_with_a_full_disk_is_alive_and_the_watchdog_fed";
    if let Err(why) = may_unshare() {
        return skip(TEST, &why);
    }
    let manager = Manager::new();
    let state = manager.folder.path().join("state");
    std::fs::create_dir(&state).expect("a folder");
    let mount = r#"mount -t tmpfs -o size=1m tmpfs "$STATE_DIRECTORY" && exec "$0""#;
    let arguments = ["-rm", "sh", "-c", mount].map(OsString::from);
    let program = release_binary("product-service").into_os_string();
    let mut environment = manager.environment();
    environment.push(("WATCHDOG_USEC", "200000".into()));
    let arguments = [&arguments[..], &[program]].concat();
    let product = Process::spawn(
        Path::new("unshare"),
        "product-service",
        &arguments,
        &environment,
    );
    let http = Http::new(address_in(&manager.wait_for("READY=1")));
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
        .arg(release_binary("product-service"))
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

fn run(service: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(release_binary(service))
        .args(arguments)
        .env_clear()
        .env("PORT", "0")
        .envs(environment.iter().copied())
        .output()
        .expect("the binary")
}

#[test]
fn a_wrong_start_says_what_is_wrong_in_one_line_and_by_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let state = folder.path().join("state");
    let state = ("STATE_DIRECTORY", state.to_str().expect("UTF-8"));
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").port().to_string();
    let missing = folder.path().join("missing");
    let missing = missing.to_str().expect("UTF-8");
    // The variable, its value, the exit code (sysexits), and what the line names.
    let table = [
        ("PORT", taken.as_str(), 69, taken.as_str()),
        ("HOST", "192.0.2.1", 69, "192.0.2.1"),
        ("STATE_DIRECTORY", file, 74, "store"),
        ("LOG_FILTER_FILE", missing, 64, missing),
        ("LOG_FORMAT", "journald", 64, "LOG_FORMAT"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "ftp://a",
            64,
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "not an address",
            64,
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "secret",
            64,
            "OTEL_EXPORTER_OTLP_HEADERS",
        ),
    ];
    for (name, value, code, named) in table {
        if value == "journald" && Path::new("/run/systemd/journal/socket").exists() {
            continue; // It would work here.
        }
        let mut environment = vec![state];
        if name == "OTEL_EXPORTER_OTLP_HEADERS" {
            environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"));
        }
        environment.push((name, value));
        let output = run("product-service", &[], &environment);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{name}={value}: {error}");
        assert_eq!(error.lines().count(), 1, "{name}={value}: {error}");
        assert!(
            error.starts_with("product-service: ") && error.contains(named),
            "{name}={value}: {error}"
        );
    }
}

#[test]
fn a_wrong_flag_or_number_is_usage_and_names_itself() {
    for service in ALL {
        for (arguments, environment, named) in [
            (&["--no-such-flag"][..], &[][..], "--no-such-flag"),
            (&["--port", "70000"], &[], "--port"),
            (&[], &[("PORT", "http")], "--port"),
            (&[], &[("RUST_LOG", "product_service=loud")], "--log-filter"),
            (
                &[],
                &[("OTEL_BSP_MAX_QUEUE_SIZE", "many")],
                "--otel-bsp-max-queue-size",
            ),
        ] {
            let output = run(service, arguments, environment);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{service} {error}");
            assert!(
                error.starts_with("error: ") && error.contains(named),
                "{service} {error}"
            );
            assert!(
                !error.contains('\u{1b}'),
                "no colour where there is no terminal: {error}"
            );
        }
    }
}

#[test]
fn help_lists_every_variable_with_its_default() {
    for service in ALL {
        let output = run(service, &["--help"], &[]);
        assert!(output.status.success());
        let help = String::from_utf8(output.stdout).expect("UTF-8");
        for (variable, default, services) in VARIABLES {
            let flags: Vec<_> = help
                .split("\n      --")
                .filter(|flag| {
                    ["=", "]"]
                        .iter()
                        .any(|end| flag.contains(&format!("[env: {variable}{end}")))
                })
                .collect();
            let known = usize::from(services.contains(service));
            assert_eq!(flags.len(), known, "{service} {variable}");
            if known == 1 && !default.is_empty() {
                assert!(
                    flags[0].contains(&format!("[default: {default}]")),
                    "{service}: {}",
                    flags[0]
                );
            }
        }
        let port = PORTS
            .iter()
            .find(|(name, _)| name == service)
            .expect("a port")
            .1;
        assert!(
            help.contains(&format!("[default: {port}]")),
            "{service} {port}"
        );
        for variable in OF_SYSTEMD {
            assert!(
                help.contains(variable),
                "{service} --help does not tell of {variable}"
            );
        }
    }
}
