//! What the machines around a service ask it: is it well, and what does it count.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use telemetry::metrics::Metrics;

/// The paths of the probes. They are asked every few seconds for ever, so they have an access
/// line only at debug level and no spans.
pub(crate) const PATHS: [&str; 3] = ["/health", "/actuator/prometheus", "/metrics"];

/// A store that does not answer within this time serves nobody.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// What the health of a service depends on.
#[async_trait]
pub trait Health: Send + Sync {
    /// Tries it for real.
    async fn check(&self) -> Result<(), Unhealthy>;
}

/// The part that fails.
#[derive(Clone, Debug)]
pub struct Unhealthy {
    /// Its name.
    pub part: &'static str,
    /// What is wrong, for the log.
    pub reason: String,
}

pub(crate) fn router(health: Option<Arc<dyn Health>>, metrics: Metrics) -> Router {
    Router::new()
        .route("/health", get(check).with_state(health))
        .route(
            "/actuator/prometheus",
            get(scrape).with_state(metrics.clone()),
        )
        .route("/metrics", get(scrape).with_state(metrics))
}

async fn check(State(health): State<Option<Arc<dyn Health>>>) -> Response {
    let Some(health) = health else {
        return Json(json!({ "status": "UP" })).into_response();
    };
    let outcome = tokio::time::timeout(HEALTH_TIMEOUT, health.check()).await;
    let failing = match outcome {
        Ok(Ok(())) => return Json(json!({ "status": "UP" })).into_response(),
        Ok(Err(failing)) => failing,
        Err(_) => Unhealthy {
            part: "store",
            reason: format!("no answer within {} s", HEALTH_TIMEOUT.as_secs()),
        },
    };
    let body = json!({
        "status": "DOWN",
        "components": { failing.part: { "status": "DOWN" } },
    });
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    let cause = format!("{} is unusable: {}", failing.part, failing.reason);
    response.extensions_mut().insert(api::Cause(cause));
    response
}

async fn scrape(State(metrics): State<Metrics>, headers: HeaderMap) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let exposition = metrics.render(accept);
    (
        [(header::CONTENT_TYPE, exposition.content_type)],
        exposition.body,
    )
        .into_response()
}
