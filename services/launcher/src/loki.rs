//! The one question of Loki's API that the page's server asks: the log lines of a trace.
//!
//! <https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time>

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use opentelemetry::TraceId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::log_line::LogLine;
use crate::logs::Logs;

/// The route, over the lines that are kept.
pub fn router(logs: Logs) -> Router {
    Router::new()
        .route("/loki/api/v1/query_range", get(query_range))
        .with_state(logs)
}

#[derive(Deserialize)]
struct Range {
    query: String,
}

async fn query_range(State(logs): State<Logs>, Query(range): Query<Range>) -> Response {
    let Some(id) = trace_id(&range.query) else {
        let reason = r#"only lines of a trace are kept here: ask with | trace_id="...""#;
        return (StatusCode::BAD_REQUEST, reason).into_response();
    };
    let mut streams: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for line in logs.of_trace(id) {
        let stream = (line.service.clone(), line.level.clone());
        streams.entry(stream).or_default().push(entry(line));
    }
    let streams: Vec<_> = streams
        .into_iter()
        .map(|((service, level), values)| {
            json!({ "stream": { "service": service, "level": level }, "values": values })
        })
        .collect();
    Json(json!({
        "status": "success",
        "data": { "resultType": "streams", "result": streams },
    }))
    .into_response()
}

/// The id that the query asks for: `{...} | trace_id="<id>"`.
fn trace_id(query: &str) -> Option<TraceId> {
    let (_, id) = query.split_once("trace_id=\"")?;
    TraceId::from_hex(id.split('"').next()?).ok()
}

/// The time in nanoseconds, the message, and the rest as structured metadata, all of it text.
fn entry(line: LogLine) -> Value {
    let time = humantime::parse_rfc3339(&line.timestamp).unwrap_or(SystemTime::UNIX_EPOCH);
    let nanos = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut metadata: Map<String, Value> = line
        .fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text.into()),
            other => (name, other.to_string().into()),
        })
        .collect();
    metadata.extend(line.span_id.map(|id| ("span_id".to_owned(), id.into())));
    json!([
        nanos.as_nanos().to_string(),
        line.message,
        { "structuredMetadata": metadata },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_its_trace() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let query = format!(r#"{{service=~".+"}} | trace_id="{id}""#);
        assert_eq!(trace_id(&query), TraceId::from_hex(id).ok());
        for other in ["", "{service=~\".+\"}", "trace_id=\"x\"", "trace_id=\""] {
            assert_eq!(trace_id(other), None, "{other}");
        }
    }
}
