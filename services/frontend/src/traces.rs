//! A trace as OTLP JSON: `GET /traces/{trace_id}`.

use std::time::Duration;

use api::{Problem, ProblemKind};
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use client::{Forward, Peer, Route};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, header};

use crate::trace_id::TraceId;

/// Jaeger reads a trace from its disk within a second.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The trace `id`, as the trace store answers it.
pub(crate) async fn one(
    State(traces): State<Option<Peer>>,
    id: Path<String>,
) -> Result<Response, Problem> {
    let unknown = || {
        Problem::new(
            ProblemKind::TraceNotFound,
            "There is no trace of this id here, or not yet.",
        )
    };
    let (Some(traces), Ok(id)) = (traces, id.parse::<TraceId>()) else {
        return Err(unknown());
    };
    let path = format!("/api/v3/traces/{}", id.as_str());
    let forward = Forward {
        route: Route::new(Method::GET, "/api/v3/traces/{trace_id}"),
        path: PathAndQuery::try_from(path).map_err(|_| unknown())?,
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    let response = traces.forward(forward, Request::new(Body::empty())).await?;
    match response.status() {
        StatusCode::OK => {
            let (head, body) = response.into_parts();
            let mut response = Response::new(body);
            let json = HeaderValue::from_static("application/json");
            let length = head.headers.get(header::CONTENT_LENGTH).cloned();
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
                .headers_mut()
                .extend(length.map(|length| (header::CONTENT_LENGTH, length)));
            // Spans arrive over some seconds.
            let no_store = HeaderValue::from_static("no-store");
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, no_store);
            Ok(response)
        }
        StatusCode::NOT_FOUND => Err(unknown()),
        status => Err(Problem::unavailable("Traces cannot be read now.", 2)
            .caused_by(&format!("the trace store answered {status}"))),
    }
}
