//! What is seen of each request to a peer: its client span and its metrics.

use std::sync::Arc;

use http::{Response, StatusCode};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue, TraceId};
use opentelemetry_semantic_conventions::attribute::{
    ERROR_TYPE, HTTP_RESPONSE_STATUS_CODE, NETWORK_PROTOCOL_VERSION,
};
use telemetry::metrics::ClientMetrics;
use telemetry::protocol::version_name;
use telemetry::traces::add_exception;
use tokio::time::Instant;

use crate::{PeerError, Route};

/// A request under way. Its end is written once: by [`Record::failed`], or on drop, which is the
/// end of the answer's body or the moment in which the caller has lost interest.
#[derive(Debug)]
pub(crate) struct Record {
    peer: &'static str,
    route: Route,
    context: Context,
    metrics: Arc<ClientMetrics>,
    begun: Instant,
    status: Option<StatusCode>,
    ended: bool,
}

impl Record {
    /// Begins the record of a request whose client span is that of `context`.
    pub(crate) fn begin(
        peer: &'static str,
        route: Route,
        context: Context,
        metrics: Arc<ClientMetrics>,
    ) -> Self {
        Self {
            peer,
            route,
            context,
            metrics,
            begun: Instant::now(),
            status: None,
            ended: false,
        }
    }

    /// The name of the peer.
    pub(crate) const fn peer(&self) -> &'static str {
        self.peer
    }

    /// The head of the answer has come.
    pub(crate) fn answered<B>(&mut self, response: &Response<B>) {
        self.status = Some(response.status());
        let span = self.context.span();
        let version = version_name(response.version());
        span.set_attribute(KeyValue::new(NETWORK_PROTOCOL_VERSION, version));
        let status = i64::from(response.status().as_u16());
        span.set_attribute(KeyValue::new(HTTP_RESPONSE_STATUS_CODE, status));
    }

    /// There will be no answer, or no more of it.
    pub(crate) fn failed(&mut self, error: &PeerError) {
        if !std::mem::replace(&mut self.ended, true) {
            let message = error.chain();
            self.end_span(Some((
                error.error_type().to_owned(),
                message.clone(),
                message,
            )));
            self.count_failed(error.metric_status());
        }
    }

    /// Ends the span; a failed one by its kind, its description and the message of its exception.
    fn end_span(&self, failure: Option<(String, String, String)>) {
        let span = self.context.span();
        if let Some((kind, description, message)) = failure {
            span.set_attribute(KeyValue::new(ERROR_TYPE, kind.clone()));
            span.set_status(Status::error(description));
            add_exception(&span, kind, message);
        }
        span.end();
    }

    fn count_failed(&self, status: &'static str) {
        let (method, uri) = (self.route.method_name(), self.route.template);
        let (elapsed, trace) = (self.begun.elapsed(), self.sampled());
        self.metrics
            .failed(self.peer, method, uri, status, elapsed, trace);
    }

    fn sampled(&self) -> Option<TraceId> {
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
        let Some(status) = self.status else {
            self.end_span(None);
            self.count_failed("CANCELLED");
            return;
        };
        // A client span fails with either (semantic conventions, "HTTP client"); its status code
        // says all that a description could.
        let failed = status.is_client_error() || status.is_server_error();
        self.end_span(failed.then(|| {
            let kind = status.as_str().to_owned();
            (kind, String::new(), status.to_string())
        }));
        let (method, uri) = (self.route.method_name(), self.route.template);
        let (elapsed, trace) = (self.begun.elapsed(), self.sampled());
        self.metrics
            .answered(self.peer, method, uri, status, elapsed, trace);
    }
}
