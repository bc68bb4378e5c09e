//! Where events go: JSON, text, a terminal; and nothing in them that is secret or forged. The
//! journal's part is in `journal.rs`.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::log_line::is_rfc3339;
use harness::{Http, LogLine, Manager, Receiver, ReceiverMode, Shop, ShopOptions, binary};
use http::Method;
use serde_json::{Value, json};

fn is_access(line: &LogLine) -> bool {
    line["duration_ms"].is_number()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_log_no_answer_no_help_and_no_process_list() {
    const SECRET: &str = "hunter2-token";
    for mode in [ReceiverMode::Good, ReceiverMode::Refusing] {
        let receiver = Receiver::http(mode).await;
        let mut shop = Shop::with(ShopOptions {
            otlp: Some(receiver.endpoint()),
            environment: vec![
                (
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    format!("authorization=Bearer%20{SECRET}"),
                ),
                ("RUST_LOG", "trace".to_owned()),
            ],
            ..ShopOptions::default()
        });
        let answer = shop.buy("product1", 1).await;
        assert_eq!(answer.status, 201);
        // The page's own spans go to the same receiver; an empty batch is one.
        let protobuf = [("content-type", "application/x-protobuf")];
        let page = shop.frontend();
        let batch = page
            .send(Method::POST, "/otlp/v1/traces", &protobuf, "")
            .await;
        let metrics = shop.gateway().get("/metrics").await;
        for answer in [answer, batch, metrics] {
            assert!(!format!("{answer:?}").contains(SECRET), "{answer:?}");
        }
        for service in shop.services() {
            let command = std::fs::read(format!("/proc/{}/cmdline", service.id())).expect("alive");
            assert!(!String::from_utf8_lossy(&command).contains(SECRET));
            assert!(service.terminate(Duration::from_secs(20)).success());
            for line in service.log() {
                assert!(!line.to_string().contains(SECRET), "{line}");
            }
            assert!(!service.errors().contains(SECRET));
        }
        if mode == ReceiverMode::Good {
            assert_eq!(
                receiver.headers()[0]["authorization"],
                format!("Bearer {SECRET}")
            );
        }
    }
    // Also not when it is malformed, nor in the help, which shows other variables' values.
    for (argument, value) in [
        ("--help", "authorization=hunter2-token"),
        ("--port=0", "hunter2-token"),
    ] {
        let output = Command::new(binary("frontend"))
            .arg(argument)
            .env_clear()
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
            .env("OTEL_EXPORTER_OTLP_HEADERS", value)
            .output()
            .expect("the binary");
        let text = [output.stdout, output.stderr].concat();
        assert!(
            !String::from_utf8_lossy(&text).contains(SECRET),
            "{argument}"
        );
    }
}

/// What a client would write to forge a line, to paint a terminal, or to break a format.
const HOSTILE: &str =
    "x\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\n\u{1b}[31mred\u{7}\u{0}\u{2028}\"},{";

async fn be_hostile(http: &Http) -> usize {
    let encoded = HOSTILE.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02X}");
        text
    });
    let json = |field: &str| {
        let mut body = json!({ "name": "A", "price": 1 });
        body[field] = json!(HOSTILE);
        body.to_string()
    };
    let printable = "x\u{9}forged \"},{ \\n \\u001b[31m";
    let headers = [
        ("content-type", "application/json"),
        ("user-agent", printable),
        ("referer", printable),
        ("x-request-id", printable),
        ("traceparent", printable),
        ("tracestate", printable),
        ("baggage", printable),
    ];
    let requests = [
        (Method::GET, format!("/products/{encoded}"), String::new()),
        (Method::GET, format!("/{encoded}?{encoded}"), String::new()),
        (Method::POST, "/products".to_owned(), json("name")),
        (Method::POST, "/products".to_owned(), json("price")),
        (Method::POST, "/products".to_owned(), json(HOSTILE)),
        (Method::POST, "/products".to_owned(), HOSTILE.to_owned()),
        // A name that is well formed and looks like a line of its own.
        (
            Method::POST,
            "/products".to_owned(),
            json!({ "name": r#"\n{"level":"ERROR"}"#, "price": 1 }).to_string(),
        ),
    ];
    let count = requests.len();
    for (method, path, body) in requests {
        let answer = http.send(method, &path, &headers, body).await;
        assert!(answer.status.as_u16() < 500, "{answer:?}");
        assert_ne!(answer.header("x-request-id"), Some(printable));
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_content_forges_no_line_of_json_and_none_of_text() {
    // As JSON the harness reads each line on its own, and a line that is none is a failure.
    let manager = Manager::new();
    let mut process = manager.spawn("product-service", &[("RUST_LOG", "trace")]);
    let http = Http::new(manager.ready());
    let requests = be_hostile(&http).await;
    assert!(process.terminate(Duration::from_secs(20)).success());
    let log = process.log();
    assert_eq!(log.iter().filter(|line| is_access(line)).count(), requests);
    for line in &log {
        assert_eq!(line["service"], "product-service", "{line}");
        assert_ne!(line["level"], "ERROR", "{line}");
        assert_ne!(line["request_id"], "forged", "{line}");
    }

    let manager = Manager::new();
    let environment = [("LOG_FORMAT", "text"), ("RUST_LOG", "trace")];
    let mut process = manager.spawn("product-service", &environment);
    let http = Http::new(manager.ready());
    be_hostile(&http).await;
    assert!(process.terminate(Duration::from_secs(20)).success());
    let lines = process.lines();
    assert!(lines.len() > requests);
    for line in &lines {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        assert!(is_rfc3339(words[0]), "one line, one event: {line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.contains("ERROR product-service"), "{line}");
    }
    let access = lines
        .iter()
        .find(|line| line.contains("GET /products/{id} answered 404"));
    let access = access.unwrap_or_else(|| panic!("{lines:?}"));
    for part in [
        " INFO ",
        " product-service: ",
        " status=404",
        " uri=/products/{id}",
        " trace_id=",
    ] {
        assert!(access.contains(part), "{part}: {access}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_leaves_quotes_and_all_scripts_readable() {
    // A sampler that does not exist stands as it came in a warning.
    let sampler = r#"it's a "한글 상품" C:\new"#;
    let manager = Manager::new();
    let environment = [("LOG_FORMAT", "text"), ("OTEL_TRACES_SAMPLER", sampler)];
    let mut process = manager.spawn("product-service", &environment);
    manager.ready();
    assert!(process.terminate(Duration::from_secs(20)).success());
    let (lines, field) = (process.lines(), format!(" sampler={sampler}"));
    assert!(
        lines.iter().any(|line| line.contains(&field)),
        "{field}: {lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_is_json_into_a_pipe_also_with_an_inherited_journal_stream() {
    for stream in ["", "1:2"] {
        let state = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(binary("product-service"))
            .env_clear()
            .env("LOG_FORMAT", "auto")
            .env("JOURNAL_STREAM", stream)
            .env("PORT", "0")
            .env("STATE_DIRECTORY", state.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut first = String::new();
        let output = child.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut first)
            .expect("a line");
        child.kill().expect("alive");
        child.wait().expect("a child");
        let event: Value =
            serde_json::from_str(&first).unwrap_or_else(|error| panic!("{error}: {first}"));
        assert_eq!(event["service"], "product-service");
    }
}

/// What the service writes first to a terminal of its own.
fn first_line_on_a_terminal(no_color: Option<&str>) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal");
    unlockpt(&terminal).expect("a terminal");
    let name = ptsname(&terminal, Vec::new()).expect("a terminal");
    let end = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().expect("UTF-8"))
        .expect("its end");
    let state = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(binary("product-service"));
    command
        .env_clear()
        .env("PORT", "0")
        .env("STATE_DIRECTORY", state.path())
        .stdout(Stdio::from(end));
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    let mut child = command.spawn().expect("the binary");
    let mut first = String::new();
    BufReader::new(File::from(terminal))
        .read_line(&mut first)
        .expect("a line");
    child.kill().expect("alive");
    child.wait().expect("a child");
    first
}

#[test]
fn auto_is_text_on_a_terminal_with_colour_unless_it_is_refused() {
    for (no_color, colour) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let line = first_line_on_a_terminal(no_color);
        assert!(
            is_rfc3339(line.split(' ').next().expect("a word")),
            "{line:?}"
        );
        assert_eq!(line.contains("\u{1b}[32mINFO"), colour, "{line:?}");
        assert!(
            line.contains("product-service: no identity: services are asked in plain HTTP"),
            "{line:?}"
        );
    }
}
