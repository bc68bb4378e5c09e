//! A service whose background task ends or panics ends as well, says why, and drains before.
//!
//! This program is also the service, when the environment says so: what `main` of a service does
//! cannot be done twice in one process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use clap::Parser;
use server::{App, ServerArgs};
use telemetry::{Service, TelemetryArgs};

/// How the background task of the service ends.
const ENDING: &str = "ENDING";

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    server: ServerArgs<0>,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

fn main() -> ExitCode {
    if let Ok(ending) = std::env::var(ENDING) {
        return service(ending);
    }
    a_task_that_panics_or_returns_ends_the_service_after_a_drain();
    ExitCode::SUCCESS
}

/// Answers `/slow` after a while, during which the background task ends.
fn service(ending: String) -> ExitCode {
    let service = Service {
        name: "test-service",
        version: "0",
    };
    let args = Args::parse_from(["test-service"]);
    server::run(service, &args.server, &args.telemetry, async |_, _| {
        let (begun, seen) = tokio::sync::mpsc::channel::<()>(1);
        let slow = get(async move || {
            let _ = begun.send(()).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            "answered"
        });
        let router = Router::new().route("/slow", slow);
        Ok(App::new(router).with_background(async move {
            let mut seen = seen;
            seen.recv().await;
            assert_ne!(ending, "panic", "out of order");
        }))
    })
}

fn a_task_that_panics_or_returns_ends_the_service_after_a_drain() {
    for (ending, reason) in [("panic", "out of order"), ("return", "it returned")] {
        let program = std::env::current_exe().expect("this program");
        let mut service = Command::new(program)
            .env_clear()
            .envs([(ENDING, ending), ("PORT", "0"), ("LOG_FORMAT", "json")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service");
        let mut log = BufReader::new(service.stdout.take().expect("a pipe")).lines();
        let address = loop {
            let line = log.next().expect("it listens").expect("text");
            let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            if let Some(address) = line["address"].as_str() {
                break address.to_owned();
            }
        };
        let mut client = TcpStream::connect(address).expect("the service");
        client
            .write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
            .expect("sent");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with("answered"), "{ending}: {answer}");
        let status = service.wait().expect("a child");
        assert_eq!(status.code(), Some(70), "{ending}");
        let log: Vec<String> = log.map_while(Result::ok).collect();
        let logged = log
            .iter()
            .any(|line| line.contains(r#""level":"ERROR""#) && line.contains(reason));
        assert!(logged, "{ending}: {log:?}");
    }
}
