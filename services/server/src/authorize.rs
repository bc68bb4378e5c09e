//! May this caller ask for this route? Asked where services have identities.

use api::{Problem, ProblemKind, calls};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use identity::SpiffeId;
use prometheus::{IntCounterVec, Opts};
use telemetry::metrics::Metrics;

use crate::probes;

/// Who may ask this service, by the table of [`calls`].
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    service: &'static str,
    refusals: IntCounterVec,
}

impl Callers {
    /// Those of this service; its refusals are counted.
    pub(crate) fn of(service: &'static str, metrics: &Metrics) -> prometheus::Result<Self> {
        let refusals = Opts::new(
            "identity_refusals_total",
            "Requests of services that may not ask for what they asked for.",
        );
        // Our own authority has named each caller, and routes are templates: both are few.
        let refusals = IntCounterVec::new(refusals, &["caller", "method", "uri"])?;
        metrics.register(Box::new(refusals.clone()))?;
        Ok(Self { service, refusals })
    }
}

/// The layer. What has no route is a 404 to everybody, and whoever has an identity may look how the
/// service fares.
pub(crate) async fn authorize(
    State(callers): State<Callers>,
    request: Request,
    next: Next,
) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>() else {
        return next.run(request).await;
    };
    let (method, route) = (request.method(), route.as_str());
    let caller = request.extensions().get().map_or("", SpiffeId::service);
    if probes::PATHS.contains(&route) || calls::may_call(caller, callers.service, method, route) {
        return next.run(request).await;
    }
    let labels = [caller, method.as_str(), route];
    callers.refusals.with_label_values(&labels).inc();
    tracing::warn!(
        caller,
        %method,
        route,
        "{caller} may not ask {} for {method} {route}",
        callers.service
    );
    let detail = "This service may not ask for that.";
    Problem::new(ProblemKind::Forbidden, detail).into_response()
}
