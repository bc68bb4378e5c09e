//! The anomaly detector: what 500 series cost it, and whether a long past makes it slower.
//!
//! It is asked to look every second, fifteen times as often as it does, so that half a minute tells
//! what a round costs.

#![allow(
    clippy::cast_precision_loss,
    reason = "counts and times of some millions"
)]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use harness::{Process, binary, serve};
use serde_json::json;
use tempfile::TempDir;

use crate::figure::Figure;

/// Ten queries of 50 series.
const QUERIES: usize = 10;
const SERIES: usize = 50;

/// Seconds between two rounds, as the unit has it.
const INTERVAL: f64 = 15.0;

/// What is measured, after as much for the start.
const ROUNDS: Duration = Duration::from_secs(30);

/// Rows five minutes apart: ten days, and a year.
const TEN_DAYS: usize = 2_880;
const YEAR: usize = 105_120;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(crate) async fn measure() -> Vec<Figure> {
    let folder = TempDir::new().expect("a folder");
    let queries: Vec<_> = (0..QUERIES)
        .map(|number| json!({ "name": format!("query{number}"), "promql": format!("query{number}") }))
        .collect();
    let file = folder.path().join("queries.json");
    std::fs::write(&file, json!({ "queries": queries }).to_string()).expect("a file");
    let url = format!("http://{}", prometheus().await);
    let process = Process::start(
        "anomaly-detector",
        &[
            ("PROMETHEUS_URL", OsString::from(url)),
            ("QUERIES_FILE", file.into()),
            ("STATE_DIRECTORY", folder.path().into()),
            ("QUERY_INTERVAL", "1".into()),
            ("HISTORY_HOURS", "0".into()),
        ],
    );
    tokio::time::sleep(ROUNDS).await;
    let before = (process.processor_time(), Instant::now());
    tokio::time::sleep(ROUNDS).await;
    let rounds = before.1.elapsed().as_secs_f64();
    let busy = process
        .processor_time()
        .saturating_sub(before.0)
        .as_secs_f64();
    let peak = process.peak_resident_bytes() as f64 / MEBIBYTE;
    let series = QUERIES * SERIES;
    vec![
        Figure::new(
            format!("anomaly-detector, {series} series every 15 s, of a core"),
            100.0 * busy / rounds / INTERVAL,
            "%",
        )
        .at_most(5.0),
        Figure::new(
            format!("anomaly-detector, {series} series, resident"),
            peak,
            "MiB",
        )
        .at_most(40.0),
        Figure::new(
            "anomaly-detector, a row after a year against one after ten days",
            score(YEAR) / score(TEN_DAYS),
            "times",
        )
        .at_most(1.2),
    ]
}

async fn prometheus() -> SocketAddr {
    let range = async |Query(asked): Query<std::collections::HashMap<String, String>>| {
        let time = |name: &str| asked[name].parse::<usize>().expect("a number");
        let series = (0..SERIES).map(|series| {
            let values = (time("start")..=time("end")).map(|time| {
                let value = 10.0 + ((time * 31 + series * 7) % 17) as f64;
                json!([time, value.to_string()])
            });
            let values: Vec<_> = values.collect();
            json!({ "metric": { "job": format!("service{series}") }, "values": values })
        });
        let result: Vec<_> = series.collect();
        json!({ "status": "success", "data": { "resultType": "matrix", "result": result } })
            .to_string()
    };
    let router = Router::new().route("/api/v1/query_range", get(range));
    serve(router).await
}

/// The seconds for a row of a table with so many.
fn score(rows: usize) -> f64 {
    let folder = TempDir::new().expect("a folder");
    let mut table = "time,value\n".to_owned();
    for row in 0..rows {
        let wave = (row as f64 / 288.0 * std::f64::consts::TAU).sin();
        let _ = writeln!(
            table,
            "{},{}",
            1_700_000_000 + 300 * row,
            10.0 * wave + ((row * 31) % 17) as f64
        );
    }
    let file = folder.path().join("table.csv");
    std::fs::write(&file, table).expect("a file");
    let begun = Instant::now();
    let status = Command::new(binary("anomaly-detector"))
        .args(["score", "--timestamp", "time", "--value", "value", "--csv"])
        .arg(file)
        .stdout(Stdio::null())
        .status()
        .expect("it runs");
    assert!(status.success());
    begun.elapsed().as_secs_f64() / rows as f64
}
