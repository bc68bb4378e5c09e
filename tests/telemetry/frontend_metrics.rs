//! How the services do, at the frontend server: `GET /system/overview` and
//! `GET /system/exemplars/{service}`, from a stand-in for Prometheus.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use harness::stand_in::{Behaviour, StandIn};
use harness::{Http, Process, serve};
use http::StatusCode;
use serde_json::{Value, json};

const RANGE: &str = "/api/v1/query_range";
const EXEMPLARS: &str = "/api/v1/query_exemplars";
const ALERTS: &str = "/api/v1/alerts";
const PRESENT: &str = "/api/v1/query";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn frontend(metrics: Option<&str>) -> (Process, Http) {
    frontend_with_alerts(metrics, None)
}

fn frontend_with_alerts(metrics: Option<&str>, alerts: Option<&str>) -> (Process, Http) {
    let variables = [("METRICS_URL", metrics), ("ALERTS_URL", alerts)];
    let variables: Vec<_> = variables
        .into_iter()
        .filter_map(|(name, url)| Some((name, OsString::from(url?))))
        .collect();
    let process = Process::start("frontend", &variables);
    let http = Http::new(process.address());
    (process, http)
}

/// The parameters of the requests that arrived.
type Arrived = Arc<Mutex<Vec<HashMap<String, String>>>>;

async fn prometheus() -> (SocketAddr, Arrived) {
    let arrived = Arrived::default();
    let range = async |State(arrived): State<Arrived>,
                       Query(asked): Query<HashMap<String, String>>| {
        let rate = asked["query"].contains("http_server_requests_seconds_count");
        let values = json!([
            [1_700_000_000, if rate { "0.5" } else { "NaN" }],
            [1_700_000_010.5, "1"]
        ]);
        arrived.lock().expect("no panic").push(asked);
        let result = json!([{ "metric": { "job": "order-service" }, "values": values }]);
        json!({ "status": "success", "data": { "resultType": "matrix", "result": result } })
            .to_string()
    };
    let exemplars = async |State(arrived): State<Arrived>,
                           Query(asked): Query<HashMap<String, String>>| {
        arrived.lock().expect("no panic").push(asked);
        let labels = json!({ "__name__": "x", "job": "order-service", "le": "0.1", "method": "POST", "uri": "/orders", "status": "201" });
        let exemplar = |time: f64| json!({ "labels": { "trace_id": TRACE }, "value": "0.05", "timestamp": time });
        let other = json!({ "labels": {}, "value": "0.05", "timestamp": 3.0 });
        json!({ "status": "success", "data": [
            { "seriesLabels": labels, "exemplars": [exemplar(1.5), other, exemplar(2.5)] },
        ]})
        .to_string()
    };
    let alerts = async || {
        let alert = |name: &str, state: &str, severity: &str| {
            json!({
                "state": state, "activeAt": "2026-11-26T17:00:00Z", "value": "1e+00",
                "labels": { "alertname": name, "severity": severity, "service": "order-service" },
                "annotations": {
                    "summary": "It is slow.", "runbook_url": "https://example.org/OrdersSlow.md",
                    "dashboard": "javascript:alert(1)",
                },
            })
        };
        json!({ "status": "success", "data": { "alerts": [
            alert("OrdersSlow", "firing", "warning"),
            alert("OrdersFail", "pending", "critical"),
            alert("Watchdog", "firing", "none"),
        ]}})
        .to_string()
    };
    let present = async |State(arrived): State<Arrived>,
                         Query(asked): Query<HashMap<String, String>>| {
        arrived.lock().expect("no panic").push(asked);
        let fault = |name: &str, service: &str| json!({ "metric": { "job": service, "fault": name }, "value": [1, "1"] });
        json!({ "status": "success", "data": { "resultType": "vector", "result": [
            fault("slow-look-ups", "product-service"), fault("lock", "inventory-service"),
            { "metric": { "job": "frontend" }, "value": [1, "1"] },
        ]}})
        .to_string()
    };
    let router = Router::new()
        .route(PRESENT, get(present))
        .route(RANGE, get(range))
        .route(EXEMPLARS, get(exemplars))
        .route(ALERTS, get(alerts))
        .with_state(Arc::clone(&arrived));
    (serve(router).await, arrived)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_has_each_service_with_its_series_and_what_fires() {
    let (prometheus, _) = prometheus().await;
    let (_process, http) = frontend(Some(&format!("http://{prometheus}")));
    let answer = http.get("/system/overview").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let overview = answer.json();
    let services = overview["services"].as_array().expect("services");
    let names: Vec<_> = services.iter().map(|service| &service["name"]).collect();
    let all = [
        "frontend",
        "gateway-service",
        "product-service",
        "inventory-service",
        "order-service",
    ];
    assert_eq!(names, all);
    let rate = json!([[1_700_000_000.0, 0.5], [1_700_000_010.5, 1.0]]);
    // What is no number is no point.
    let other = json!([[1_700_000_010.5, 1.0]]);
    let expected = json!({
        "rate": rate, "errors": rate,
        "p95": other, "cpu": other, "cpu_limit": other, "memory": other, "memory_limit": other,
        "queue": other,
        "circuit": other, "up": other,
        "shed": other, "retries": other, "over_budget": other, "ejected": other,
        "rate_lower": other, "rate_upper": other, "p95_lower": other, "p95_upper": other,
    });
    assert_eq!(services[4]["series"], expected);
    assert_eq!(services[0]["series"], json!({}));
    let firing = json!([{
        "name": "OrdersSlow", "severity": "warning", "service": "order-service",
        "summary": "It is slow.", "since": "2026-11-26T17:00:00Z",
        "runbookUrl": "https://example.org/OrdersSlow.md",
        // A link to anything but http would run in the page.
        "dashboardUrl": null, "muted": null,
    }]);
    assert_eq!(overview["alerts"], firing);
}

#[tokio::test(flavor = "multi_thread")]
async fn alertmanager_knows_what_is_silenced_and_prometheus_stands_in_while_it_is_away() {
    let (prometheus, _) = prometheus().await;
    let prometheus = format!("http://{prometheus}");
    let alert = |name: &str, severity: &str, since: &str, silenced: &[&str], inhibited: &[&str]| {
        json!({
            "labels": { "alertname": name, "severity": severity, "job": "order-service" },
            "annotations": { "dashboard": "http://127.0.0.1:3000/d/service" },
            "startsAt": since, "endsAt": since, "updatedAt": since, "fingerprint": name,
            "status": {
                "state": "active", "silencedBy": silenced, "inhibitedBy": inhibited,
            },
            "receivers": [{ "name": "nobody" }],
        })
    };
    let alerts = json!([
        alert("SoldOut", "warning", "2026-11-26T17:00:00Z", &[], &[]),
        alert(
            "DiskFull",
            "critical",
            "2026-11-26T16:00:00Z",
            &["a"],
            &["b"]
        ),
        alert(
            "ServerErrors",
            "critical",
            "2026-11-26T16:30:00Z",
            &[],
            &["b"]
        ),
        alert(
            "OrdersPending",
            "critical",
            "2026-11-26T18:00:00Z",
            &[],
            &[]
        ),
        alert("ServiceDown", "critical", "2026-11-26T17:30:00Z", &[], &[]),
        alert("Watchdog", "none", "2026-11-26T15:00:00Z", &[], &[]),
    ]);
    let alertmanager = StandIn::start().await;
    let path = "/api/v2/alerts";
    alertmanager.set(path, Behaviour::Answer(StatusCode::OK, alerts));
    let alertmanager_url = alertmanager.url();
    let (_process, http) = frontend_with_alerts(Some(&prometheus), Some(&alertmanager_url));
    let overview = http.get("/system/overview").await.json();
    let shown: Vec<_> = overview["alerts"]
        .as_array()
        .expect("alerts")
        .iter()
        .map(|alert| (alert["name"].as_str().expect("a name"), &alert["muted"]))
        .collect();
    let expected = [
        ("ServiceDown", &Value::Null),
        ("OrdersPending", &Value::Null),
        ("SoldOut", &Value::Null),
        ("DiskFull", &json!("silenced")),
        ("ServerErrors", &json!("inhibited")),
    ];
    assert_eq!(
        shown, expected,
        "the worst first, then what nobody is told of"
    );
    let first = json!({
        "name": "ServiceDown", "severity": "critical", "service": "order-service", "summary": null,
        "since": "2026-11-26T17:30:00Z", "runbookUrl": null,
        "dashboardUrl": "http://127.0.0.1:3000/d/service", "muted": null,
    });
    assert_eq!(overview["alerts"][0], first);

    for behaviour in [
        Behaviour::Answer(StatusCode::SERVICE_UNAVAILABLE, json!("no")),
        Behaviour::Break,
    ] {
        alertmanager.set(path, behaviour);
        let (_process, http) = frontend_with_alerts(Some(&prometheus), Some(&alertmanager_url));
        let overview = http.get("/system/overview").await.json();
        assert_eq!(overview["alerts"][0]["name"], "OrdersSlow");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_ask_the_store_once_and_within_bounds() {
    let (prometheus, arrived) = prometheus().await;
    let (_process, http) = frontend(Some(&format!("http://{prometheus}")));
    for _ in 0..5 {
        // What a client adds reaches nobody.
        let answer = http
            .get("/system/overview?query=up&start=0&step=0.001")
            .await;
        assert_eq!(answer.status, 200);
    }
    let asked: Vec<_> = std::mem::take(&mut *arrived.lock().expect("no panic"));
    assert_eq!(asked.len(), 18, "{asked:?}");
    for asked in &asked {
        let number = |name: &str| asked[name].parse::<u64>().expect("a number");
        assert_eq!(number("end") - number("start"), 900);
        assert_eq!((number("step"), number("end") % 10), (10, 0));
    }
    let mut queries: Vec<_> = asked.iter().map(|asked| asked["query"].clone()).collect();
    queries.sort();
    queries.dedup();
    assert_eq!(queries.len(), 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faults_that_are_on_come_by_name_and_are_asked_for_once() {
    let (prometheus, arrived) = prometheus().await;
    let (_process, http) = frontend(Some(&format!("http://{prometheus}")));
    for _ in 0..3 {
        let answer = http.get("/system/faults?query=up").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let expected = json!({ "faults": [
            { "name": "lock", "service": "inventory-service" },
            { "name": "slow-look-ups", "service": "product-service" },
        ]});
        assert_eq!(answer.json(), expected);
    }
    let asked = std::mem::take(&mut *arrived.lock().expect("no panic"));
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0]["query"].contains("fault_active"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_store_of_metrics_no_faults_are_known() {
    let (_process, http) = frontend(None);
    http.get("/system/faults").await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_traces_behind_a_service_come_newest_first() {
    let (prometheus, arrived) = prometheus().await;
    let (_process, http) = frontend(Some(&format!("http://{prometheus}")));
    let answer = http.get("/system/exemplars/order-service").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let exemplar = |time: f64| {
        json!({
            "traceId": TRACE, "time": time, "seconds": 0.05,
            "method": "POST", "uri": "/orders", "status": "201",
        })
    };
    let expected = json!({ "exemplars": [exemplar(2.5), exemplar(1.5)] });
    assert_eq!(answer.json(), expected);
    let asked = arrived.lock().expect("no panic")[0]["query"].clone();
    assert_eq!(
        asked,
        r#"http_server_requests_seconds_bucket{job="order-service"}"#
    );

    for unknown in ["other", "order-service%22%7D", "jaeger"] {
        let path = format!("/system/exemplars/{unknown}");
        http.get(&path).await.problem(404);
    }
    assert_eq!(arrived.lock().expect("no panic").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_metrics_it_is_404_and_a_store_in_trouble_is_503_or_504() {
    let (_process, http) = frontend(None);
    let answer = http.get("/system/overview").await;
    let detail = answer.problem(404)["detail"].to_string();
    assert!(detail.contains("METRICS_URL"), "{detail}");
    http.get("/system/exemplars/frontend").await.problem(404);

    let store = StandIn::start().await;
    let (_process, http) = frontend(Some(&store.url()));
    for (behaviour, status) in [
        (
            Behaviour::Answer(StatusCode::OK, json!({ "inner": 1 })),
            503,
        ),
        (
            Behaviour::Answer(StatusCode::BAD_REQUEST, json!("inner")),
            503,
        ),
        (Behaviour::Hang, 504),
    ] {
        for path in [RANGE, EXEMPLARS, ALERTS] {
            store.set(path, behaviour.clone());
        }
        for path in ["/system/overview", "/system/exemplars/frontend"] {
            let problem = http.get(path).await.problem(status).to_string();
            assert!(!problem.contains("inner"), "{behaviour:?}: {problem}");
        }
    }
    // Nothing of it is remembered.
    let nothing = json!({ "status": "success", "data": { "result": [], "alerts": [] } });
    for path in [RANGE, ALERTS] {
        store.set(path, Behaviour::Answer(StatusCode::OK, nothing.clone()));
    }
    let overview = http.get("/system/overview").await.json();
    assert_eq!(
        overview["services"][0]["series"],
        Value::from(serde_json::Map::new())
    );
}
