//! What is seen of each request to a peer: its client span and its metrics.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use telemetry::metrics::ClientMetrics;
use telemetry::traces::add_exception;

use crate::circuit::Circuit;
use crate::{PeerError, Route};

/// A request under way. Its end is written once: by [`Record::answered`], [`Record::failed`], or
/// on drop, when the caller has lost interest.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) peer: &'static str,
    pub(crate) route: Route,
    pub(crate) context: Context,
    pub(crate) metrics: ClientMetrics,
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) begun: Instant,
    pub(crate) status: Option<StatusCode>,
    pub(crate) ended: bool,
}

impl Record {
    /// The head of the answer has come. The request ends with its body.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.circuit.succeeded();
        self.status = Some(status);
        let span = self.context.span();
        span.set_attribute(KeyValue::new(
            "http.response.status_code",
            i64::from(status.as_u16()),
        ));
        if status.is_client_error() || status.is_server_error() {
            // A client span fails with either (semantic conventions, "HTTP client").
            span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
            span.set_status(Status::error(""));
            add_exception(&span, status.as_str().to_owned(), status.to_string());
        }
    }

    /// There will be no answer, or no more of it.
    pub(crate) fn failed(&mut self, error: &PeerError) {
        self.ended = true;
        let (kind, counts) = match error {
            PeerError::Timeout { .. } => ("TIMEOUT", true),
            PeerError::Unreachable { .. } => ("IO_ERROR", true),
            PeerError::CircuitOpen { .. } | PeerError::Unexpected { .. } => ("IO_ERROR", false),
            PeerError::RequestBroken { .. }
            | PeerError::RequestTooLarge { .. }
            | PeerError::RequestTooSlow { .. } => ("CANCELLED", false),
        };
        if counts {
            self.circuit.failed();
        }
        let message = error.chain();
        let span = self.context.span();
        span.set_attribute(KeyValue::new("error.type", kind));
        span.set_status(Status::error(message.clone()));
        add_exception(&span, kind, message);
        span.end();
        let (method, uri) = (self.route.method_name(), self.route.template);
        self.metrics.failed(
            self.peer,
            method,
            uri,
            kind,
            self.begun.elapsed(),
            self.sampled(),
        );
    }

    fn sampled(&self) -> Option<opentelemetry::TraceId> {
        let span = self.context.span();
        let span = span.span_context();
        span.is_sampled().then(|| span.trace_id())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.context.span().end();
        let (method, uri, elapsed) = (
            self.route.method_name(),
            self.route.template,
            self.begun.elapsed(),
        );
        if let Some(status) = self.status {
            self.metrics
                .answered(self.peer, method, uri, status, elapsed, self.sampled());
        } else {
            let cancelled = "CANCELLED";
            self.metrics
                .failed(self.peer, method, uri, cancelled, elapsed, self.sampled());
        }
    }
}
