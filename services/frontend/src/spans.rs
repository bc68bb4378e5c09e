//! Forwards the page's own spans to the OTLP receiver: `POST /otlp/v1/traces`.
//!
//! Anybody who can open the page can send here, so size and rate are bounded, and only the body of
//! the request and its content type are forwarded.

use std::sync::Arc;
use std::time::Duration;

use api::{PeerUrl, Problem, ProblemKind};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use client::{Forward, Peer, Route};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, header};
use telemetry::traces::{TraceError, receiver_headers};
use telemetry::{Telemetry, TelemetryArgs};

use crate::rate::TokenBucket;

/// A page sends a batch a second; this is enough for some twenty people and their reloads, and
/// keeps a flood from the receiver.
const BATCHES_PER_SECOND: f64 = 20.0;
const BURST: f64 = 40.0;

/// The receiver is on this host or near; a page has been left before it waits longer than this.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The receiver of spans, if one is configured that takes them over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct SpanReceiver {
    peer: Option<Peer>,
    headers: HeaderMap,
    bucket: Arc<TokenBucket>,
}

impl SpanReceiver {
    pub(crate) fn new(args: &TelemetryArgs, telemetry: &Telemetry) -> Result<Self, TraceError> {
        let http = args.otel_exporter_otlp_protocol.get() != Some("grpc");
        let endpoint = args.otel_exporter_otlp_endpoint.get().filter(|_| http);
        let url = endpoint.map(str::parse::<PeerUrl>).transpose();
        let url = url.map_err(|error| TraceError::Endpoint(error.to_string()))?;
        Ok(Self {
            peer: url.map(|url| Peer::new("jaeger", url, telemetry)),
            headers: receiver_headers(args)?,
            bucket: Arc::new(TokenBucket::new(BATCHES_PER_SECOND, BURST)),
        })
    }
}

pub(crate) async fn receive(
    State(receiver): State<SpanReceiver>,
    request: Request,
) -> Result<Response, Problem> {
    let Some(peer) = receiver.peer else {
        return Err(Problem::unavailable(
            "No receiver of spans over HTTP is configured.",
            60,
        ));
    };
    let content_type = content_type(request.headers()).ok_or_else(|| {
        Problem::new(
            ProblemKind::UnsupportedMediaType,
            "Spans come as application/json or application/x-protobuf.",
        )
    })?;
    if !receiver.bucket.take() {
        return Err(Problem::new(
            ProblemKind::TooManyRequests,
            "Spans are sent too often; keep them and send them together.",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")));
    }
    let (_, body) = request.into_parts();
    let mut request = Request::new(body);
    *request.headers_mut() = receiver.headers;
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    let forward = Forward {
        route: Route::new(Method::POST, "/v1/traces"),
        path: PathAndQuery::from_static("/v1/traces"),
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    peer.forward(forward, request)
        .await
        .map(IntoResponse::into_response)
}

fn content_type(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(header::CONTENT_TYPE)?;
    let media = given.to_str().ok()?.split(';').next()?.trim();
    ["application/json", "application/x-protobuf"]
        .contains(&media)
        .then(|| given.clone())
}
