//! May this caller ask for this route? Answered where services have identities ([`api::calls`]).

use api::{Problem, ProblemKind, calls};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use identity::SpiffeId;
use prometheus::{IntCounterVec, Opts};
use telemetry::metrics::Metrics;

use crate::probes;

/// Who may ask this service.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    service: &'static str,
    refusals: IntCounterVec,
}

impl Callers {
    pub(crate) fn of(service: &'static str, metrics: &Metrics) -> prometheus::Result<Self> {
        let refusals = Opts::new(
            "identity_refusals_total",
            "Requests of a service that may not ask for that route.",
        );
        let refusals = IntCounterVec::new(refusals, &["caller", "uri"])?;
        metrics.register(Box::new(refusals.clone()))?;
        Ok(Self { service, refusals })
    }

    /// None: it may. Otherwise who is refused.
    fn refused(&self, request: &Request, route: &str) -> Option<&str> {
        None
    }
}
