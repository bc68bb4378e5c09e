//! The anomaly detector against a stand-in for Prometheus: what it asks, what it shows and tells, what
//! it keeps, and that it lives through a Prometheus that is away or answers nonsense.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use harness::{Http, Process, Receiver, ReceiverMode, eventually, serve};
use serde_json::{Value, json};
use tempfile::TempDir;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// For how many seconds a fault is there when the detector starts: long enough to be found, and so new
/// that it is told.
const LASTS: u64 = 60;

/// What the stand-in answers, and what it was asked.
#[derive(Debug, Default)]
struct World {
    /// From this second on the errors are many.
    faulty_from: Option<u64>,
    /// The answer to every query, in place of series.
    nonsense: Option<(u16, String)>,
    silences: Option<Value>,
    asked: Vec<HashMap<String, String>>,
}

type Shared = Arc<Mutex<World>>;

async fn prometheus(world: &Shared) -> SocketAddr {
    let range = async |State(world): State<Shared>,
                       Query(asked): Query<HashMap<String, String>>| {
        let mut world = world.lock().expect("no panic");
        let number = |name: &str| asked[name].parse::<u64>().expect("a number");
        let (start, end, step) = (number("start"), number("end"), number("step"));
        world.asked.push(asked);
        if let Some((status, text)) = &world.nonsense {
            return (
                StatusCode::from_u16(*status).expect("a status"),
                text.clone(),
            );
        }
        let faulty = world.faulty_from.unwrap_or(u64::MAX);
        let series = |job: &str, shift: u64| {
            let values = (start..=end)
                .step_by(usize::try_from(step).expect("small"))
                .map(|time| {
                    let wobble = (time.wrapping_mul(2_654_435_761) >> 7) % 100;
                    let value = if time >= faulty.saturating_add(shift) {
                        50.0
                    } else {
                        1.0 + f64::from(u32::try_from(wobble).expect("small")) / 1000.0
                    };
                    json!([time, value.to_string()])
                });
            let metric = json!({ "__name__": "x", "job": job });
            json!({ "metric": metric, "values": values.collect::<Vec<_>>() })
        };
        let result = json!([series("order-service", 0), series("gateway-service", 1)]);
        let answer =
            json!({ "status": "success", "data": { "resultType": "matrix", "result": result } });
        (StatusCode::OK, answer.to_string())
    };
    let exemplars = async || {
        let exemplar = json!({ "labels": { "trace_id": TRACE }, "value": "2", "timestamp": 1.0 });
        json!({ "status": "success", "data": [{ "seriesLabels": {}, "exemplars": [exemplar] }] })
            .to_string()
    };
    let silences = async |State(world): State<Shared>| {
        let silences = world.lock().expect("no panic").silences.clone();
        silences.unwrap_or_else(|| json!([])).to_string()
    };
    let router = Router::new()
        .route("/api/v1/query_range", get(range))
        .route("/api/v1/query_exemplars", get(exemplars))
        .route("/api/v2/silences", get(silences))
        .with_state(Arc::clone(world));
    serve(router).await
}

fn detector(address: SocketAddr, state: &Path) -> (Process, Http) {
    detector_exporting(address, state, None)
}

/// One that exports its spans.
fn detector_exporting(
    address: SocketAddr,
    state: &Path,
    receiver: Option<&Receiver>,
) -> (Process, Http) {
    std::fs::write(
        state.join("queries.json"),
        r#"{"queries": [{"name": "errors", "title": "errors a second", "promql": "sum by (job) (x)"}]}"#,
    )
    .expect("a file");
    let url = format!("http://{address}");
    let mut environment = vec![
        ("PROMETHEUS_URL", OsString::from(&url)),
        ("ALERTMANAGER_URL", OsString::from(&url)),
        ("STATE_DIRECTORY", state.into()),
        ("QUERIES_FILE", state.join("queries.json").into()),
        ("QUERY_INTERVAL", "1".into()),
        ("HISTORY_HOURS", "1".into()),
    ];
    if let Some(receiver) = receiver {
        environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint().into()));
        environment.push(("OTEL_BSP_SCHEDULE_DELAY", "20".into()));
    }
    let process = Process::start("anomaly-detector", &environment);
    let http = Http::new(process.address());
    (process, http)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// The value of a series, by the beginning of its line.
async fn metric(http: &Http, series: &str) -> Result<f64, String> {
    let answer = http.get("/actuator/prometheus").await;
    let text = String::from_utf8_lossy(&answer.body);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let line = line.ok_or_else(|| {
        text.lines()
            .filter(|line| line.starts_with("anomaly_"))
            .collect::<Vec<_>>()
            .join("\n")
    });
    Ok(line?.parse().expect("a number"))
}

async fn becomes(http: &Http, series: &str, holds: impl Fn(f64) -> bool) -> f64 {
    eventually(series, async || {
        let value = metric(http, series).await?;
        if holds(value) {
            Ok(value)
        } else {
            Err(value.to_string())
        }
    })
    .await
}

const ORDERS: &str = r#"{job="order-service",query="errors"}"#;

/// The anomalies that were told.
fn anomalies(process: &Process) -> Vec<Value> {
    let told = |line: &&harness::LogLine| {
        let message = line["message"].as_str();
        message.is_some_and(|message| message.starts_with("Anomaly: "))
    };
    process
        .log()
        .iter()
        .filter(told)
        .map(|line| json!(line))
        .collect()
}

/// Until it has learned all of the past.
async fn has_learned(http: &Http) {
    becomes(
        http,
        "anomaly_detector_last_round_timestamp_seconds",
        |time| time > 0.0,
    )
    .await;
}

#[tokio::test]
async fn it_learns_the_past_in_bounded_pieces_and_shows_a_band_for_each_series() {
    let world = Shared::default();
    let folder = TempDir::new().expect("a folder");
    let (_process, http) = detector(prometheus(&world).await, folder.path());
    has_learned(&http).await;
    let of = |family: &str| format!("anomaly_{family}{ORDERS}");
    let expected = metric(&http, &of("expected")).await.expect("it is there");
    let lower = metric(&http, &of("lower")).await.expect("it is there");
    let upper = metric(&http, &of("upper")).await.expect("it is there");
    assert!((1.0..1.1).contains(&expected) && lower < expected && expected < upper);
    assert!(metric(&http, &of("score")).await.expect("it is there") < 0.99);
    assert!((1.0..1.1).contains(&metric(&http, &of("observed")).await.expect("it is there")));
    assert_eq!(metric(&http, "anomaly_detector_series").await, Ok(2.0));
    let asked = &world.lock().expect("no panic").asked;
    let number =
        |asked: &HashMap<String, String>, name: &str| asked[name].parse::<u64>().expect("a number");
    let oldest = number(&asked[0], "start");
    assert!(now() - oldest <= 3700, "an hour");
    for pair in asked.windows(2) {
        let points = number(&pair[0], "end") - number(&pair[0], "start") + 1;
        assert!(points <= 240, "{points}");
        assert_eq!(
            number(&pair[1], "start"),
            number(&pair[0], "end") + 1,
            "nothing twice, nothing left out"
        );
    }
}

#[tokio::test]
async fn an_anomaly_of_two_services_is_told_once_with_what_was_expected_and_its_traces() {
    let world = Shared::default();
    let folder = TempDir::new().expect("a folder");
    world.lock().expect("no panic").faulty_from = Some(now() - LASTS);
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let address = prometheus(&world).await;
    let (process, http) = detector_exporting(address, folder.path(), Some(&receiver));
    becomes(&http, &format!("anomaly_events_active{ORDERS}"), |active| {
        active > 0.5
    })
    .await;
    becomes(
        &http,
        r#"anomaly_score{job="gateway-service",query="errors"}"#,
        |score| score >= 0.99,
    )
    .await;
    // Lines are written by a thread of their own.
    let told = eventually("one anomaly is told", async || {
        let told = anomalies(&process);
        if told.len() == 1 { Ok(told) } else { Err(told) }
    })
    .await;
    let line = &told[0];
    let message = line["message"].as_str().expect("text");
    assert!(
        message.starts_with("Anomaly: errors a second of order-service is 50, expected "),
        "{message}"
    );
    assert_eq!(
        (&line["level"], &line["query"], &line["observed"]),
        (&json!("WARN"), &json!("errors"), &json!("50"))
    );
    assert_eq!(line["traces"], TRACE);
    let links = eventually("its span leads to the traces of that minute", async || {
        let spans = receiver.spans();
        let span = spans.iter().find(|span| span.span.name == "anomaly");
        span.map(|span| span.span.links.clone()).ok_or(spans.len())
    })
    .await;
    let trace = u128::from_str_radix(TRACE, 16).expect("hexadecimal");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].trace_id, trace.to_be_bytes());
    assert_eq!(
        metric(&http, r#"anomaly_events_total{silenced="false"}"#).await,
        Ok(1.0)
    );
}

#[tokio::test]
async fn what_is_silenced_is_counted_and_told_to_nobody() {
    let matcher = json!({ "name": "service", "value": "order-service|gateway-service", "isRegex": true, "isEqual": true });
    let silence = |state: &str| json!({ "status": { "state": state }, "matchers": [matcher] });
    let world = Shared::default();
    world.lock().expect("no panic").silences = Some(json!([silence("active")]));
    let folder = TempDir::new().expect("a folder");
    world.lock().expect("no panic").faulty_from = Some(now() - LASTS);
    let (process, http) = detector(prometheus(&world).await, folder.path());
    becomes(&http, r#"anomaly_events_total{silenced="true"}"#, |count| {
        count > 0.5
    })
    .await;
    assert!(
        metric(&http, &format!("anomaly_events_active{ORDERS}"))
            .await
            .is_err()
    );
    assert!(anomalies(&process).is_empty());
}

#[tokio::test]
async fn what_was_learned_outlives_a_restart() {
    let world = Shared::default();
    let folder = TempDir::new().expect("a folder");
    let address = prometheus(&world).await;
    let (mut process, http) = detector(address, folder.path());
    has_learned(&http).await;
    assert!(process.terminate(Duration::from_secs(20)).success());
    let restarted = now();
    world.lock().expect("no panic").asked.clear();
    let (_process, http) = detector(address, folder.path());
    assert_eq!(metric(&http, "anomaly_detector_series").await, Ok(2.0));
    eventually("it asks", async || {
        let asked = world.lock().expect("no panic").asked.len();
        if asked > 0 { Ok(()) } else { Err(asked) }
    })
    .await;
    let asked = &world.lock().expect("no panic").asked;
    let start: u64 = asked[0]["start"].parse().expect("a number");
    assert!(
        start + 60 > restarted,
        "what it knew was not asked for again"
    );
}

#[tokio::test]
async fn a_prometheus_that_answers_nonsense_or_is_away_is_waited_for() {
    let world = Shared::default();
    let folder = TempDir::new().expect("a folder");
    for nonsense in [
        (200, "no JSON".to_owned()),
        (
            200,
            r#"{"status":"success","data":{"result":[{"metric":{},"values":[[1,"x"],["y",1]]}]}}"#
                .to_owned(),
        ),
        (
            422,
            r#"{"status":"error","errorType":"execution","error":"too many samples"}"#.to_owned(),
        ),
        (
            200,
            format!(r#"{{"data":"{}"}}"#, "x".repeat(2 * 1024 * 1024)),
        ),
    ] {
        world.lock().expect("no panic").nonsense = Some(nonsense);
        let (process, http) = detector(prometheus(&world).await, folder.path());
        becomes(&http, "anomaly_detector_query_failures_total", |failures| {
            failures >= 2.0
        })
        .await;
        assert_eq!(http.get("/health").await.status.as_u16(), 200);
        world.lock().expect("no panic").nonsense = None;
        has_learned(&http).await;
        let said = |text: &str| {
            process
                .log()
                .iter()
                .filter(|line| line["message"] == text)
                .count()
        };
        eventually("both are said once, and not every round", async || {
            let texts = [
                "Prometheus does not answer a query",
                "Prometheus answers a query again",
            ];
            let counts = texts.map(said);
            if counts == [1, 1] {
                Ok(())
            } else {
                Err(counts)
            }
        })
        .await;
    }
    let nobody: SocketAddr = "127.0.0.1:1".parse().expect("an address");
    let (_process, http) = detector(nobody, folder.path());
    becomes(&http, "anomaly_detector_query_failures_total", |failures| {
        failures >= 2.0
    })
    .await;
    assert_eq!(http.get("/health").await.status.as_u16(), 200);
}

#[test]
fn a_file_of_queries_that_cannot_be_used_ends_it_with_the_reason() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("queries.json");
    for (text, said) in [
        ("{", "EOF"),
        (r#"{"queries":[{"name":"Rate","promql":"up"}]}"#, "\"Rate\""),
        (
            r#"{"queries":[{"name":"a","promql":"up"},{"name":"a","promql":"up"}]}"#,
            "\"a\"",
        ),
        (
            r#"{"queries":[{"name":"a","promql":"up","tolerance":-1}]}"#,
            "-1",
        ),
        (
            r#"{"queries":[{"name":"a","query":"up"}]}"#,
            "unknown field `query`",
        ),
    ] {
        std::fs::write(&file, text).expect("a file");
        let output = std::process::Command::new(harness::binary("anomaly-detector"))
            .args(["--port", "0", "--queries-file"])
            .arg(&file)
            .env("STATE_DIRECTORY", folder.path())
            .output()
            .expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{errors}");
        assert!(errors.contains(said), "{errors}");
    }
}
