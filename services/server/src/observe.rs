//! What is seen of each request: its ids, its server span, its metrics, its access line.
//!
//! One layer around every route. It takes or makes the request's ids, runs the route in their
//! context, and gives the answer `X-Request-Id` and `traceresponse`. The rest happens when the
//! answer's last byte has been handed over, or when the client has gone away before: the
//! [`Record`] that travels with the body writes it all in its `Drop`, so nothing is missed.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use api::{Cause, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use opentelemetry::trace::{
    FutureExt as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags,
    TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer};
use telemetry::metrics::{InFlight, ServerMetrics};
use telemetry::traces::add_exception;
use telemetry::{RequestId, Telemetry};

use crate::connections::Busy;
use crate::probes;

/// W3C Trace Context Level 2, "Traceresponse header".
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// The status in metrics and logs of a request whose client went away before the answer; no
/// client ever sees it. nginx uses the same number.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The value of `uri` where no route matched: never the path, which a client can choose.
const NO_ROUTE: &str = "NOT_FOUND";

/// The method of a request whose method is a word of the client's own.
const OTHER_METHOD: &str = "_OTHER";

/// What the layer needs; shared, since each request clones the layer.
pub(crate) struct Observer {
    tracer: SdkTracer,
    metrics: ServerMetrics,
    untraced: &'static [&'static str],
}

impl Observer {
    pub(crate) fn new(telemetry: &Telemetry, untraced: &'static [&'static str]) -> Arc<Self> {
        Arc::new(Self {
            tracer: telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            metrics: telemetry.metrics.server.clone(),
            untraced,
        })
    }
}

/// The layer.
pub(crate) async fn observe(
    State(observer): State<Arc<Observer>>,
    mut request: Request,
    next: Next,
) -> Response {
    let busy = request.extensions_mut().remove::<Arc<Busy>>();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let request_id = request_id(request.headers());
    let (context, kind) = observer.begin(&request, route.as_ref());
    let context = context.with_value(request_id.clone());
    let mut record = Record {
        context: context.clone(),
        kind,
        method: method_name(request.method()),
        route,
        begun: Instant::now(),
        status: None,
        cause: None,
        metrics: observer.metrics.clone(),
        _in_flight: observer.metrics.in_flight(),
        _busy: busy,
    };
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let answer = answer.with_context(context.clone()).await;
    let mut response = answer.unwrap_or_else(|_| {
        let _current = context.clone().attach();
        Problem::internal()
            .caused_by(&"the handler panicked")
            .into_response()
    });
    record.status = Some(response.status());
    record.cause = response.extensions_mut().remove::<Cause>();
    let headers = response.headers_mut();
    // Not `extend`, which would add to those that an upstream has given.
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(value) = traceresponse(&context) {
        headers.insert(TRACERESPONSE, value);
    }
    response.map(|body| Body::new(Observed { body, record }))
}

/// How much is said of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A request of somebody.
    Request,
    /// A request that carries telemetry: ids, but no span, or spans would beget spans.
    Untraced,
    /// A probe of a machine: ids, but no span, and an access line at debug level only.
    Probe,
}

impl Observer {
    /// The context in which the request is answered: its span, under the caller's when there is
    /// one.
    fn begin(&self, request: &Request, route: Option<&MatchedPath>) -> (Context, Kind) {
        let headers = request.headers();
        // The propagators look for three headers and allocate for it; most probes have none.
        let parent = if headers.contains_key("traceparent") || headers.contains_key("baggage") {
            global::get_text_map_propagator(|propagator| {
                propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers))
            })
        } else {
            Context::new()
        };
        if route.is_some_and(|route| probes::PATHS.contains(&route.as_str())) {
            return (unrecorded(&parent), Kind::Probe);
        }
        if route.is_some_and(|route| self.untraced.contains(&route.as_str())) {
            return (unrecorded(&parent), Kind::Untraced);
        }
        let method = method_name(request.method());
        let verb = if method == OTHER_METHOD {
            "HTTP"
        } else {
            method
        };
        let mut attributes = Vec::with_capacity(6);
        attributes.push(KeyValue::new("http.request.method", method));
        attributes.push(KeyValue::new("url.path", request.uri().path().to_owned()));
        attributes.push(KeyValue::new("url.scheme", "http"));
        if let Some(query) = request.uri().query() {
            attributes.push(KeyValue::new("url.query", query.to_owned()));
        }
        if method == OTHER_METHOD {
            let original = request.method().to_string();
            attributes.push(KeyValue::new("http.request.method_original", original));
        }
        let name = match route {
            Some(route) => {
                attributes.push(KeyValue::new("http.route", route.as_str().to_owned()));
                format!("{verb} {}", route.as_str()).into()
            }
            None => verb.into(),
        };
        let span = SpanBuilder {
            name,
            span_kind: Some(SpanKind::Server),
            attributes: Some(attributes),
            ..SpanBuilder::default()
        };
        let span = self.tracer.build_with_context(span, &parent);
        (parent.with_span(span), Kind::Request)
    }
}

/// Ids without a span: the caller's trace, or a new one, and not sampled.
fn unrecorded(parent: &Context) -> Context {
    let caller = parent.span();
    let caller = caller.span_context();
    let ids = RandomIdGenerator::default();
    let trace_id = if caller.is_valid() {
        caller.trace_id()
    } else {
        ids.new_trace_id()
    };
    parent.with_remote_span_context(SpanContext::new(
        trace_id,
        ids.new_span_id(),
        TraceFlags::default(),
        false,
        TraceState::default(),
    ))
}

fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(RequestId::new_unique)
}

fn traceresponse(context: &Context) -> Option<HeaderValue> {
    let span = context.span();
    let span = span.span_context();
    let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
    HeaderValue::from_str(&format!("00-{trace}-{id}-{flags:02x}")).ok()
}

/// What is known of a request; writes it when the request ends, however it ends.
struct Record {
    context: Context,
    kind: Kind,
    method: &'static str,
    route: Option<MatchedPath>,
    begun: Instant,
    status: Option<StatusCode>,
    cause: Option<Cause>,
    metrics: ServerMetrics,
    _in_flight: InFlight,
    _busy: Option<Arc<Busy>>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let _current = self.context.clone().attach();
        let elapsed = self.begun.elapsed();
        let status = self.status.unwrap_or_else(client_closed_request);
        let uri = self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let sampled = self.context.span().span_context().is_sampled();
        let trace = sampled.then(|| self.context.span().span_context().trace_id());
        self.metrics
            .answered(self.method, uri, status, elapsed, trace);
        if self.kind == Kind::Request {
            self.end_span(status);
        }
        self.access_line(uri, status, elapsed);
    }
}

impl Record {
    fn end_span(&self, status: StatusCode) {
        let span = self.context.span();
        span.set_attribute(KeyValue::new(
            "http.response.status_code",
            i64::from(status.as_u16()),
        ));
        // A server span fails for what the server did wrong, not for a client's mistake
        // (semantic conventions, "HTTP server").
        if status.is_server_error() || self.cause.is_some() {
            let cause = self.cause.as_ref().map_or("", |cause| cause.0.as_str());
            span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
            span.set_status(Status::error(cause.to_owned()));
            add_exception(&span, status.as_str().to_owned(), cause.to_owned());
        }
        span.end();
    }

    /// One line for each request. The message reads alone; its parts are fields as well.
    fn access_line(&self, uri: &str, status: StatusCode, elapsed: Duration) {
        let (method, status_code) = (self.method, status.as_u16());
        #[allow(clippy::cast_precision_loss)] // exact for some centuries of microseconds
        let duration_ms = elapsed.as_micros() as f64 / 1000.0;
        let cause = self.cause.as_ref().map(|cause| cause.0.as_str());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    uri,
                    status = status_code,
                    duration_ms,
                    cause,
                    "{method} {uri} answered {status_code} in {duration_ms} ms"
                )
            };
        }
        match self.kind {
            _ if status.is_server_error() || cause.is_some() => line!(error),
            Kind::Request | Kind::Untraced => line!(info),
            Kind::Probe => line!(debug),
        }
    }
}

fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::REQUEST_TIMEOUT)
}

/// The method in metrics, logs and spans: one that RFC 9110 or RFC 5789 defines, or `_OTHER`
/// (semantic conventions, `http.request.method`), since a client can choose any word.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => OTHER_METHOD,
    }
}

/// The answer's body with the record of its request.
struct Observed {
    body: Body,
    record: Record,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(task);
        if let Poll::Ready(Some(Err(error))) = &frame {
            self.record.cause = Some(Cause(format!("the answer broke off: {error}")));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
