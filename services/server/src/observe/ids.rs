//! The ids of a request, and the headers that return them.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, global};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use telemetry::RequestId;
use telemetry::traces::traceparent;

/// W3C Trace Context Level 2, "Traceresponse header"; its value is written as that of `traceparent`.
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// The caller's trace and baggage, as far as it sent any.
pub(super) fn parent(headers: &HeaderMap) -> Context {
    // The propagators look for three headers and allocate for it; most probes have none.
    if headers.contains_key("traceparent") || headers.contains_key("baggage") {
        global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers))
        })
    } else {
        Context::new()
    }
}

/// Ids without a span: the caller's trace, or a new one, and not sampled.
pub(super) fn unrecorded(parent: &Context) -> Context {
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

/// The caller's request id, or a new one.
pub(super) fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(RequestId::new_unique)
}

/// Puts both ids into the headers of an answer, in place of those that an upstream has given.
pub(super) fn insert(headers: &mut HeaderMap, request_id: &RequestId, context: &Context) {
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Ok(value) = HeaderValue::try_from(traceparent(context)) {
        headers.insert(TRACERESPONSE, value);
    }
}
