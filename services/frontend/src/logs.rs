//! The log lines of a trace: `GET /logs/{trace_id}`, read over Loki's API.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Problem, ProblemKind};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use client::{Forward, Peer, PeerError, Route};
use http::uri::{InvalidUri, PathAndQuery};
use http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::trace_id::TraceId;

const QUERY: &str = "/loki/api/v1/query_range";

/// Loki reads three days of a busy shop within some seconds.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How far back lines are looked for: as long as traces are kept by default.
const REACH: Duration = Duration::from_hours(72);

/// The most lines that are asked for. An order has about ten.
const LIMIT: usize = 1000;

/// The most bytes of an answer: some 4 KiB for each of its lines.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// How many answers are read at once: each takes up to [`ANSWER_LIMIT`], and several times that
/// once it is parsed.
static READERS: Semaphore = Semaphore::const_new(2);

/// How long a request waits for its turn to read: an answer takes milliseconds.
const READER_WAIT: Duration = Duration::from_secs(1);

/// Keeps structured metadata apart from the labels of the stream.
const ENCODING_FLAGS: (&str, HeaderValue) = (
    "x-loki-response-encoding-flags",
    HeaderValue::from_static("categorize-labels"),
);

/// The lines of a trace, oldest first.
#[derive(Serialize)]
struct Lines {
    lines: Vec<Line>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(skip)]
    nanoseconds: u64,
    /// RFC 3339, UTC.
    timestamp: String,
    service: String,
    /// As in a service's own JSON lines: `ERROR`, `WARN`, `INFO`, `DEBUG`.
    level: String,
    message: String,
    span_id: Option<String>,
    fields: BTreeMap<String, String>,
}

/// What Loki answers to a query for lines.
#[derive(Deserialize)]
struct Found {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    /// Its labels.
    stream: BTreeMap<String, String>,
    values: Vec<Entry>,
}

/// The time in nanoseconds since 1970, the line, and what is known of it beside its labels.
#[derive(Deserialize)]
struct Entry(String, String, #[serde(default)] Metadata);

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    structured_metadata: BTreeMap<String, String>,
    parsed: BTreeMap<String, String>,
}

/// The handler.
pub(crate) async fn of_trace(
    State(logs): State<Option<Peer>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (Some(logs), Ok(id)) = (logs, id.parse::<TraceId>()) else {
        return Err(none());
    };
    let lines = read(&logs, &id).await?;
    if lines.is_empty() {
        return Err(none());
    }
    // Lines arrive within seconds.
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, Json(Lines { lines })).into_response())
}

async fn read(logs: &Peer, id: &TraceId) -> Result<Vec<Line>, Problem> {
    let forward = Forward {
        route: Route::new(Method::GET, QUERY),
        path: query(id, SystemTime::now())
            .map_err(|error| Problem::internal().caused_by(&error))?,
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    let mut request = Request::new(Body::empty());
    request
        .headers_mut()
        .insert(ENCODING_FLAGS.0, ENCODING_FLAGS.1);
    let _reader = tokio::time::timeout(READER_WAIT, READERS.acquire())
        .await
        .map_err(|_| busy())?;
    let response = logs.forward(forward, request).await?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(refused(status));
    }
    let body = to_bytes(response.into_body(), ANSWER_LIMIT)
        .await
        .map_err(|error| incomplete(&error))?;
    let found: Found = serde_json::from_slice(&body).map_err(|error| unusable(&error))?;
    Ok(lines(found))
}

/// The request for the lines of a trace. `trace_id` is structured metadata, so every stream is
/// looked at; each has the label `service`.
fn query(id: &TraceId, now: SystemTime) -> Result<PathAndQuery, InvalidUri> {
    let nanoseconds = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_nanos().to_string()
    };
    let logql = format!(r#"{{service=~".+"}} | trace_id="{}""#, id.as_str());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", &logql)
        .append_pair("start", &nanoseconds(now - REACH))
        // A clock that is ahead has written lines of the future.
        .append_pair("end", &nanoseconds(now + Duration::from_mins(1)))
        .append_pair("limit", &LIMIT.to_string())
        .append_pair("direction", "forward")
        .finish();
    PathAndQuery::try_from(format!("{QUERY}?{query}"))
}

fn lines(found: Found) -> Vec<Line> {
    let mut lines = Vec::new();
    for Stream { stream, values } in found.data.result {
        for entry in values {
            lines.extend(line(&stream, entry));
        }
    }
    // Loki sorts within a stream only.
    lines.sort_by_key(|line| line.nanoseconds);
    lines
}

/// `None` when the time is none.
fn line(labels: &BTreeMap<String, String>, entry: Entry) -> Option<Line> {
    let Entry(time, message, metadata) = entry;
    let nanoseconds: u64 = time.parse().ok()?;
    let time = UNIX_EPOCH + Duration::from_nanos(nanoseconds);
    let mut fields = metadata.parsed;
    fields.extend(metadata.structured_metadata);
    fields.remove("trace_id");
    // Loki's own guess.
    fields.remove("detected_level");
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    Some(Line {
        nanoseconds,
        timestamp: humantime::format_rfc3339_nanos(time).to_string(),
        service: label("service"),
        level: level(&label("level")),
        message,
        span_id: fields.remove("span_id"),
        fields,
    })
}

/// The journal knows priorities by other names than the services.
fn level(priority: &str) -> String {
    match priority {
        "emerg" | "alert" | "crit" | "critical" | "err" => "ERROR".to_owned(),
        "warning" => "WARN".to_owned(),
        "notice" => "INFO".to_owned(),
        other => other.to_uppercase(),
    }
}

fn none() -> Problem {
    Problem::new(
        ProblemKind::TraceNotFound,
        "There are no log lines of this trace here, or not yet.",
    )
}

fn busy() -> Problem {
    Problem::new(
        ProblemKind::TooManyRequests,
        "Others read logs now. Try again in a moment.",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

fn refused(status: StatusCode) -> Problem {
    Problem::unavailable("Logs cannot be read now.", 2)
        .caused_by(&format!("the log store answered {status}"))
}

fn incomplete(error: &axum::Error) -> Problem {
    match PeerError::cause_of(error) {
        Some(PeerError::Timeout { .. }) => {
            Problem::gateway_timeout("The log store did not answer in time.").caused_by(error)
        }
        Some(_) => Problem::bad_gateway("The log store broke off before its answer was complete.")
            .caused_by(error),
        None => unusable(error),
    }
}

fn unusable(cause: &impl ToString) -> Problem {
    Problem::bad_gateway("The log store gave an answer that cannot be used.").caused_by(cause)
}
