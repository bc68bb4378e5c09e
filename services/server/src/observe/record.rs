//! What is known of a request. It is written when the request ends, however it ends.
//!
//! The record travels with the body of the answer, and writes metrics, span and access line when
//! it is dropped: after the last byte has been handed over, or when the client has gone away.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use api::Cause;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::response::Response;
use body::{Polled, Watch};
use http::{StatusCode, header};
use http_body::Body as _;
use identity::SpiffeId;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use telemetry::metrics::{InFlight, ServerMetrics};
use tokio::time::Instant;

use super::Kind;
use super::span::{self, Failure};
use crate::connections::Busy;

/// The status in metrics and logs of a request whose client went away before the answer; no
/// client ever sees it. nginx uses the same number.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The value of `uri` where no route matched: never the path, which a client can choose.
const NO_ROUTE: &str = "NOT_FOUND";

/// How far the body of an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Not to its end; if that is all, the client has gone away.
    CutOff,
    /// The source of the body has failed.
    Broken,
    /// All of it has been handed over.
    Complete,
}

pub(super) struct Record {
    pub(super) context: Context,
    pub(super) kind: Kind,
    pub(super) method: &'static str,
    pub(super) route: Option<MatchedPath>,
    pub(super) begun: Instant,
    /// None until there is an answer.
    pub(super) status: Option<StatusCode>,
    /// What to tell the operator about the failure, if there was one.
    pub(super) cause: Option<Cause>,
    pub(super) ending: Ending,
    /// How many bytes of the body are left, where its length is known.
    pub(super) left: Option<u64>,
    /// Who asked, where services have identities.
    pub(super) caller: Option<SpiffeId>,
    pub(super) metrics: Arc<ServerMetrics>,
    pub(super) _in_flight: InFlight,
    pub(super) _busy: Option<Arc<Busy>>,
}

impl Watch<Body> for Record {
    type Error = axum::Error;

    fn poll_frame(
        &mut self,
        mut body: Pin<&mut Body>,
        task: &mut TaskContext<'_>,
    ) -> Polled<axum::Error> {
        let frame = body.as_mut().poll_frame(task);
        match &frame {
            Poll::Pending => {}
            Poll::Ready(None) => self.ending = Ending::Complete,
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.left = self.left.map(|left| left.saturating_sub(length));
                // The server need not ask for what comes after the last byte.
                if self.left == Some(0) || body.is_end_stream() {
                    self.ending = Ending::Complete;
                }
            }
            Poll::Ready(Some(Err(error))) => {
                self.ending = Ending::Broken;
                self.cause = Some(Cause(format!("the answer broke off: {error}")));
            }
        }
        frame
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let _current = self.context.clone().attach();
        let elapsed = self.begun.elapsed();
        let status = self.status.unwrap_or_else(client_closed_request);
        let uri = self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let span = self.context.span();
        let ids = span.span_context();
        let trace = ids.is_sampled().then(|| ids.trace_id());
        let complete = self.status.is_none() || self.ending == Ending::Complete;
        self.metrics
            .answered(self.method, uri, status, complete, elapsed, trace);
        if self.kind == Kind::Request {
            span::end(&span, self.status, self.failure(), self.cause());
        }
        self.access_line(uri, status, elapsed);
    }
}

impl Record {
    /// Notes how much body is to come with this answer.
    pub(super) fn begin_body(&mut self, response: &Response) {
        // These have none, whatever the handler has made (RFC 9110 section 6.4.1).
        let bodiless = self.method == "HEAD"
            || matches!(
                response.status(),
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let declared = response.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|length| length.to_str().ok()?.parse().ok());
        let body = response.body();
        self.left = declared.or_else(|| body.size_hint().exact());
        if bodiless || body.is_end_stream() || self.left == Some(0) {
            self.ending = Ending::Complete;
        }
    }

    fn failure(&self) -> Option<Failure> {
        match (self.status, self.ending) {
            (Some(_), Ending::Broken) => Some(Failure::BrokenAnswer),
            (Some(status), _) if status.is_server_error() => Some(Failure::Status(status)),
            (None, _) | (Some(_), Ending::CutOff) => Some(Failure::ClientDisconnected),
            (Some(_), Ending::Complete) => None,
        }
    }

    fn cause(&self) -> Option<&str> {
        self.cause.as_ref().map(|cause| cause.0.as_str())
    }

    /// One line for each request. The message reads alone; its parts are fields as well.
    fn access_line(&self, uri: &str, status: StatusCode, elapsed: Duration) {
        let (method, status_code) = (self.method, status.as_u16());
        #[allow(clippy::cast_precision_loss)] // exact for some centuries of microseconds
        let duration_ms = elapsed.as_micros() as f64 / 1000.0;
        let cause = self.cause();
        let caller = self.caller.as_ref().map(SpiffeId::service);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    uri,
                    status = status_code,
                    duration_ms,
                    caller,
                    cause,
                    "{method} {uri} answered {status_code} in {duration_ms} ms"
                )
            };
        }
        match self.kind {
            Kind::Refused => line!(debug),
            _ if status.is_server_error() || cause.is_some() => line!(error),
            Kind::Request | Kind::Untraced => line!(info),
            Kind::Probe => line!(debug),
        }
    }
}

fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::REQUEST_TIMEOUT)
}
