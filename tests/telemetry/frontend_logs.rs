//! The log lines of a trace at the frontend server: `GET /logs/{traceId}`, from a stand-in for Loki.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use harness::stand_in::{Behaviour, StandIn};
use harness::{Http, Process, serve};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const QUERY: &str = "/loki/api/v1/query_range";

fn frontend(logs: Option<&str>) -> (Process, Http) {
    let logs = logs.map(|url| ("LOGS_URL", OsString::from(url)));
    let process = Process::start("frontend", logs.as_slice());
    let http = Http::new(process.address());
    (process, http)
}

/// What Loki 3.6 answers: two streams, the newer lines first.
fn two_streams() -> Value {
    json!({ "status": "success", "data": {
        "resultType": "streams",
        "encodingFlags": ["categorize-labels"],
        "result": [
            {
                "stream": { "service": "order-service", "unit": "order-service.service", "level": "warning", "host": "h" },
                "values": [[
                    "1764000000000003000", "order refused",
                    { "structuredMetadata": {
                        "trace_id": TRACE, "span_id": "00f067aa0ba902b7", "order_id": "o1",
                        "detected_level": "warn",
                    }},
                ]],
            },
            {
                "stream": { "service": "frontend", "level": "info", "host": "h" },
                "values": [
                    ["1764000000000004000", "POST /api/orders answered 409", {}],
                    ["1764000000000001000", "started"],
                ],
            },
        ],
        "stats": {},
    }})
}

/// What arrived at a store of logs.
type Arrived = Arc<Mutex<Vec<(Uri, HeaderMap)>>>;

/// A store that finds two streams, and keeps how it was asked.
async fn store() -> (SocketAddr, Arrived) {
    let arrived = Arrived::default();
    let answer = async |State(arrived): State<Arrived>, uri: Uri, headers: HeaderMap| {
        arrived.lock().expect("no panic").push((uri, headers));
        two_streams().to_string()
    };
    let router = Router::new()
        .route(QUERY, get(answer))
        .with_state(Arc::clone(&arrived));
    (serve(router).await, arrived)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_trace_come_oldest_first_with_their_fields() {
    let (store, _) = store().await;
    let (_process, http) = frontend(Some(&format!("http://{store}")));
    let answer = http.get(&format!("/logs/{TRACE}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let line = |time: &str, service: &str, level: &str, message: &str, span, fields| {
        json!({
            "timestamp": format!("2025-11-24T16:00:00.00000{time}000Z"), "service": service,
            "level": level, "message": message, "spanId": span, "fields": fields,
        })
    };
    let expected = json!({ "lines": [
        line("1", "frontend", "INFO", "started", Value::Null, json!({})),
        line("3", "order-service", "WARN", "order refused", json!("00f067aa0ba902b7"), json!({ "order_id": "o1" })),
        line("4", "frontend", "INFO", "POST /api/orders answered 409", Value::Null, json!({})),
    ]});
    assert_eq!(answer.json(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_asked_for_one_trace_within_bounds() {
    let (store, arrived) = store().await;
    let (_process, http) = frontend(Some(&format!("http://{store}")));
    let before = nanoseconds(SystemTime::now());
    http.get(&format!("/logs/{TRACE}")).await;
    let (uri, headers) = arrived.lock().expect("no panic").pop().expect("a request");
    assert_eq!(
        headers["x-loki-response-encoding-flags"],
        "categorize-labels"
    );
    let query = uri.query().expect("a query");
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).expect(name).1
    };
    assert_eq!(
        value("query"),
        format!("%7Bservice%3D%7E%22.%2B%22%7D+%7C+trace_id%3D%22{TRACE}%22")
    );
    assert_eq!((value("limit"), value("direction")), ("1000", "forward"));
    let (start, end): (u128, u128) = (
        value("start").parse().expect("a time"),
        value("end").parse().expect("a time"),
    );
    let days = Duration::from_hours(72).as_nanos();
    assert!(start >= before - days && start < before && end > before);
}

fn nanoseconds(time: SystemTime) -> u128 {
    let since = time.duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_nanos()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_without_lines_is_404_and_a_store_in_trouble_is_502_503_or_504() {
    let (_process, http) = frontend(None);
    http.get(&format!("/logs/{TRACE}")).await.problem(404);

    let store = StandIn::start().await;
    let (_process, http) = frontend(Some(&store.url()));
    let nothing = json!({ "status": "success", "data": { "resultType": "streams", "result": [] } });
    for (behaviour, status) in [
        (Behaviour::Answer(StatusCode::OK, nothing), 404),
        (
            Behaviour::Answer(StatusCode::OK, json!({ "inner": "words" })),
            502,
        ),
        (
            Behaviour::Answer(StatusCode::BAD_REQUEST, json!("inner words")),
            503,
        ),
        (Behaviour::Hang, 504),
    ] {
        store.set(QUERY, behaviour.clone());
        let answer = http.get(&format!("/logs/{TRACE}")).await;
        let problem = answer.problem(status).to_string();
        assert!(!problem.contains("inner"), "{behaviour:?}: {problem}");
    }
    let arrived = store.arrived(QUERY);
    for malformed in ["0", &"0".repeat(32), "%22%7D", &TRACE.to_uppercase()] {
        http.get(&format!("/logs/{malformed}")).await.problem(404);
    }
    assert_eq!(store.arrived(QUERY), arrived, "nothing else is asked for");
}
