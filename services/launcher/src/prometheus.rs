//! What the page's server asks of Prometheus' API: [the queries of the System view](queries), their
//! exemplars, the faults that are on, and what fires, which is nothing, as there are no rules here.
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query as Parameters, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use queries::Query;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::metrics::Metrics;

/// The most points of a series, more than the scrapes that are kept.
const POINTS: f64 = 1000.0;

/// The routes, over the metrics that are kept.
pub fn router(metrics: Metrics) -> Router {
    Router::new()
        .route("/api/v1/query", get(query))
        .route("/api/v1/query_range", get(query_range))
        .route("/api/v1/query_exemplars", get(query_exemplars))
        .route("/api/v1/alerts", get(alerts))
        .with_state(metrics)
}

/// Times in seconds since 1970.
#[derive(Deserialize)]
struct Range {
    query: String,
    start: f64,
    end: f64,
    /// Seconds.
    step: f64,
}

#[derive(Deserialize)]
struct Exemplars {
    query: String,
    start: f64,
    end: f64,
}

/// A question about the present.
#[derive(Deserialize)]
struct Present {
    query: String,
}

async fn query(
    State(metrics): State<Metrics>,
    Parameters(Present { query }): Parameters<Present>,
) -> Response {
    if query != queries::FAULTS {
        return refused("only the faults that are on are answered here");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs_f64();
    let result: Vec<_> = metrics
        .faults()
        .into_iter()
        .map(|(service, fault)| {
            json!({ "metric": { "job": service, "fault": fault }, "value": [now, "1"] })
        })
        .collect();
    success(&json!({ "resultType": "vector", "result": result }))
}

async fn query_range(
    State(metrics): State<Metrics>,
    Parameters(range): Parameters<Range>,
) -> Response {
    let Some(query) = Query::find(&range.query) else {
        return refused("only the queries of the page are answered here");
    };
    let Some(times) = times(&range) else {
        return refused("the range has no end, or too many points");
    };
    let result: Vec<_> = metrics
        .range(query, &times)
        .into_iter()
        .map(|(service, values)| {
            let values: Vec<_> = values
                .into_iter()
                .map(|(time, value)| json!([time, value.to_string()]))
                .collect();
            json!({ "metric": { "job": service }, "values": values })
        })
        .collect();
    success(&json!({ "resultType": "matrix", "result": result }))
}

fn times(range: &Range) -> Option<Vec<f64>> {
    let points = (range.end - range.start) / range.step;
    if !(0.0..=POINTS).contains(&points) || range.step <= 0.0 {
        return None;
    }
    let mut time = range.start;
    let mut times = Vec::new();
    while time <= range.end {
        times.push(time);
        time += range.step;
    }
    Some(times)
}

async fn query_exemplars(
    State(metrics): State<Metrics>,
    Parameters(asked): Parameters<Exemplars>,
) -> Response {
    let mut services = queries::SERVICES.into_iter();
    let Some(service) = services.find(|service| queries::exemplars(service) == asked.query) else {
        return refused("only the exemplars of a service are answered here");
    };
    let series: Vec<_> = metrics
        .exemplars(service, asked.start, asked.end)
        .into_iter()
        .map(|exemplar| {
            json!({
                "seriesLabels": exemplar.labels,
                "exemplars": [{
                    "labels": { "trace_id": exemplar.trace_id },
                    "value": exemplar.seconds.to_string(),
                    "timestamp": exemplar.time,
                }],
            })
        })
        .collect();
    success(&json!(series))
}

async fn alerts() -> Response {
    success(&json!({ "alerts": [] }))
}

fn success(data: &Value) -> Response {
    Json(json!({ "status": "success", "data": data })).into_response()
}

fn refused(why: &str) -> Response {
    let answer = json!({ "status": "error", "errorType": "bad_data", "error": why });
    (StatusCode::BAD_REQUEST, Json(answer)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_two_ends_and_is_bounded() {
        let range = |start, end, step| {
            times(&Range {
                query: String::new(),
                start,
                end,
                step,
            })
        };
        assert_eq!(range(0.0, 20.0, 10.0), Some(vec![0.0, 10.0, 20.0]));
        assert_eq!(range(5.0, 5.0, 1.0), Some(vec![5.0]));
        for (start, end, step) in [
            (0.0, 20.0, 0.0),
            (0.0, 20.0, -1.0),
            (20.0, 0.0, 1.0),
            (0.0, 1e9, 1.0),
            (0.0, f64::INFINITY, 1.0),
            (f64::NAN, 0.0, 1.0),
        ] {
            assert_eq!(range(start, end, step), None, "{start} {end} {step}");
        }
    }
}
