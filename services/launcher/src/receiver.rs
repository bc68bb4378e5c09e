//! A receiver of spans by OTLP over HTTP (protobuf and JSON), which also answers with a trace as
//! Jaeger does, with the log lines of a trace as [Loki](loki) does, and with metrics as
//! [Prometheus](prometheus) does.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use std::io;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use opentelemetry::TraceId;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;

use crate::logs::Logs;
use crate::loki;
use crate::metrics::Metrics;
use crate::prometheus;
use crate::traces::Traces;

/// A batch of 512 spans has about 200 KiB; other clients may send larger ones.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Serves until it is dropped.
pub async fn serve(
    listener: TcpListener,
    traces: Traces,
    logs: Logs,
    metrics: Metrics,
) -> io::Result<()> {
    let traces = Router::new()
        .route("/v1/traces", post(export))
        .route("/api/v3/traces/{id}", get(trace))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(traces);
    let router = traces
        .merge(loki::router(logs))
        .merge(prometheus::router(metrics));
    axum::serve(listener, router).await
}

/// The two encodings of OTLP over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

async fn export(State(traces): State<Traces>, headers: HeaderMap, body: Bytes) -> Response {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let encoding = match media
        .and_then(|media| media.split(';').next())
        .map(str::trim)
    {
        Some("application/x-protobuf") => Encoding::Protobuf,
        Some("application/json") => Encoding::Json,
        _ => return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
    };
    let request = match encoding {
        Encoding::Protobuf => ExportTraceServiceRequest::decode(body).ok(),
        Encoding::Json => serde_json::from_slice(&body).ok(),
    };
    let Some(request) = request else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let refused = i64::try_from(traces.keep(request)).unwrap_or(i64::MAX);
    let answer = ExportTraceServiceResponse {
        partial_success: (refused > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: refused,
            error_message: "malformed ids, or too many spans in one trace".to_owned(),
        }),
    };
    match encoding {
        Encoding::Protobuf => (
            [(header::CONTENT_TYPE, "application/x-protobuf")],
            answer.encode_to_vec(),
        )
            .into_response(),
        Encoding::Json => Json(answer).into_response(),
    }
}

async fn trace(State(traces): State<Traces>, Path(id): Path<String>) -> Response {
    match TraceId::from_hex(&id).ok().and_then(|id| traces.get(id)) {
        Some(trace) => {
            Json(json!({ "result": { "resourceSpans": trace.resource_spans() } })).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
