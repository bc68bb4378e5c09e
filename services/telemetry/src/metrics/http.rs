//! The families of HTTP, under the names and values that Micrometer gave them, so that
//! dashboards for Spring Boot work.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use opentelemetry::trace::TraceId;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

use super::peers::Peers;
use super::{ExemplarHistogramVec, Peer};

/// The family of the requests answered.
pub(super) const SERVER_REQUESTS: &str = "http_server_requests_seconds";
/// The family of the requests sent.
pub(super) const CLIENT_REQUESTS: &str = "http_client_requests_seconds";

/// Half a millisecond is an answer from memory on the same host, 10 s the longest that the
/// gateway waits; between them two or three steps a decade, so that a quantile read off the
/// buckets is wrong by at most its half.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The requests that a service answers.
#[derive(Clone, Debug)]
pub struct ServerMetrics {
    requests: ExemplarHistogramVec<4>,
    in_flight: IntGauge,
}

/// The requests that a service sends.
#[derive(Clone, Debug)]
pub struct ClientMetrics {
    requests: ExemplarHistogramVec<5>,
    retries: IntCounterVec,
    peers: Peers,
}

/// What came of a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOutcome {
    /// It was answered.
    Succeeded,
    /// It failed as well.
    Failed,
    /// It was not made: the budget of retries is spent.
    OverBudget,
}

/// Counts a request as in flight until it is dropped.
#[derive(Debug)]
pub struct InFlight(IntGauge);

impl ServerMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let requests = ExemplarHistogramVec::new(
            SERVER_REQUESTS,
            "Requests answered, by the seconds from the head of the request to the end of the answer.",
            ["method", "uri", "status", "outcome"],
            SECONDS,
        )?;
        let in_flight = IntGauge::new(
            "http_server_requests_in_flight",
            "Requests that are being answered now.",
        )?;
        registry.register(Box::new(requests.collector()))?;
        registry.register(Box::new(in_flight.clone()))?;
        Ok(Self {
            requests,
            in_flight,
        })
    }

    pub(super) fn requests(&self) -> &ExemplarHistogramVec<4> {
        &self.requests
    }

    /// Counts a request as in flight until the guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts a request that has been answered. `uri` is the route's template, never the path. An
    /// answer that is not `complete` (it broke off, or the client went away) keeps the status that
    /// was sent; its outcome is UNKNOWN, since nobody knows what the client has made of it.
    pub fn answered(
        &self,
        method: &'static str,
        uri: &str,
        status: StatusCode,
        complete: bool,
        elapsed: Duration,
        trace: Option<TraceId>,
    ) {
        let outcome = if complete { outcome(status) } else { "UNKNOWN" };
        let values = [method, uri, status.as_str(), outcome];
        self.requests.observe(values, elapsed.as_secs_f64(), trace);
    }
}

impl ClientMetrics {
    /// Registers the families in `registry`.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let requests = ExemplarHistogramVec::new(
            CLIENT_REQUESTS,
            "Requests sent to peers, by the seconds until the answer had come. Status IO_ERROR or TIMEOUT: no answer came.",
            ["peer", "method", "uri", "status", "outcome"],
            SECONDS,
        )?;
        let retries = IntCounterVec::new(
            Opts::new(
                "http_client_retries_total",
                "Requests that were to be sent to a peer a second time: succeeded, failed as well, or over_budget and not sent.",
            ),
            &["peer", "outcome"],
        )?;
        let peers = Peers::new()?;
        registry.register(Box::new(requests.collector()))?;
        registry.register(Box::new(retries.clone()))?;
        registry.register(Box::new(peers.clone()))?;
        Ok(Self {
            requests,
            retries,
            peers,
        })
    }

    pub(super) fn requests(&self) -> &ExemplarHistogramVec<5> {
        &self.requests
    }

    /// Shows how a peer is for as long as the process runs.
    pub fn show(&self, peer: Arc<dyn Peer>) {
        self.peers.add(peer);
    }

    /// Counts a retry.
    pub fn retried(&self, peer: &'static str, outcome: RetryOutcome) {
        let outcome = match outcome {
            RetryOutcome::Succeeded => "succeeded",
            RetryOutcome::Failed => "failed",
            RetryOutcome::OverBudget => "over_budget",
        };
        self.retries.with_label_values(&[peer, outcome]).inc();
    }

    /// Counts a request that a peer has answered. `uri` is the route's template.
    pub fn answered(
        &self,
        peer: &'static str,
        method: &'static str,
        uri: &str,
        status: StatusCode,
        elapsed: Duration,
        trace: Option<TraceId>,
    ) {
        let values = [peer, method, uri, status.as_str(), outcome(status)];
        self.requests.observe(values, elapsed.as_secs_f64(), trace);
    }

    /// Counts a request without an answer; `failure` is `IO_ERROR` or `TIMEOUT`.
    pub fn failed(
        &self,
        peer: &'static str,
        method: &'static str,
        uri: &str,
        failure: &'static str,
        elapsed: Duration,
        trace: Option<TraceId>,
    ) {
        let values = [peer, method, uri, failure, "UNKNOWN"];
        self.requests.observe(values, elapsed.as_secs_f64(), trace);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "INFORMATIONAL",
        200..300 => "SUCCESS",
        300..400 => "REDIRECTION",
        400..500 => "CLIENT_ERROR",
        500..600 => "SERVER_ERROR",
        _ => "UNKNOWN",
    }
}
