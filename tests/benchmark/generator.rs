//! The load generator, and what its report says of orders.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use harness::binary;
use serde_json::Value;
use tokio::process::Command;

/// What a run of nothing but orders has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Orders that were answered 201.
    pub(crate) created: f64,
    /// How many of them a second.
    pub(crate) rate: f64,
    /// In milliseconds, in the open loop from the moment at which the order was due.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Users that order without a pause.
pub(crate) async fn closed_loop(target: SocketAddr, users: u32, length: Duration) -> Run {
    let users = users.to_string();
    run(target, length, &["--users", &users, "--pause", "0s"]).await
}

/// Orders at a fixed rate a second, come what may.
pub(crate) async fn open_loop(target: SocketAddr, rate: u32, length: Duration) -> Run {
    run(target, length, &["--rate", &rate.to_string()]).await
}

async fn run(target: SocketAddr, length: Duration, load: &[&str]) -> Run {
    let output = Command::new(binary("load-generator"))
        .args(["--target", &format!("http://{target}")])
        .args(["--duration", &format!("{}ms", length.as_millis())])
        .args(["--orders-only", "--report", "-"])
        .args(load)
        .env("LOG_FORMAT", "json")
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the load generator starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["failed"], 0, "no order fails: {report}");
    assert_eq!(report["expected"], 0, "all are created: {report}");
    let orders = &report["endpoints"]["POST /api/orders"];
    let number = |value: &Value| value.as_f64().expect("a number");
    let created = number(&orders["requests"]);
    Run {
        created,
        rate: created / number(&report["seconds"]),
        p50: number(&orders["latency_ms"]["p50"]),
        p99: number(&orders["latency_ms"]["p99"]),
    }
}
