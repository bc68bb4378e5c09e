//! The endpoints for machines: health and metrics.

use std::fmt::Display;
use std::io;
use std::net::TcpListener;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode, header};
use identity::Identity;
use serde_json::json;
use telemetry::metrics::Metrics;

use crate::connections::Connections;
use crate::serve::Server;
use crate::watchdog;
use crate::workers::Workers;

/// The paths of the probes. Each is requested every few seconds for as long as the service runs, so
/// they have an access line only at debug level and no spans.
pub(crate) const PATHS: [&str; 3] = ["/health", "/actuator/prometheus", "/metrics"];

/// A store that takes longer than this is of no use to a request.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// What the health of a service depends on, and how to check it.
#[derive(Clone)]
pub(crate) struct Health {
    part: &'static str,
    probe: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl Health {
    pub(crate) fn new<P, F, E>(part: &'static str, probe: P) -> Self
    where
        P: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let probe = move || {
            let outcome = probe();
            async move { outcome.await.map_err(|error| error.to_string()) }.boxed()
        };
        Self {
            part,
            probe: Arc::new(probe),
        }
    }

    /// A service with an identity is of no use without it.
    pub(crate) fn of(identity: Identity) -> Self {
        Self::new("identity", move || std::future::ready(identity.check()))
    }

    /// What is wrong, if anything is.
    async fn check(&self) -> Result<(), String> {
        tokio::time::timeout(HEALTH_TIMEOUT, (self.probe)())
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", HEALTH_TIMEOUT.as_secs())))
    }
}

/// The connections for probes alone: a Prometheus, a person or two, and those that they left.
const PROBERS: usize = 16;

/// Answers probes on a listener of their own until the service ends, so that its drain can be watched.
pub(crate) fn serve(
    router: Router,
    listener: &TcpListener,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    // The first worker is the runtime in which this is called.
    let (workers, _) = Workers::start(NonZero::<usize>::MIN, || None)?;
    let server = Server::new(router, None, Connections::new(PROBERS, PROBERS), workers);
    let (_, no_watchdog) = watchdog::door();
    let mut loops = server.start(listener, vec![no_watchdog])?;
    Ok(async move {
        let _server = server;
        loops.join_next().await;
    })
}

pub(crate) fn router(health: Vec<Health>, metrics: Metrics) -> Router {
    Router::new()
        .route("/health", get(check).with_state(health.into()))
        .route(
            "/actuator/prometheus",
            get(scrape).with_state(metrics.clone()),
        )
        .route("/metrics", get(scrape).with_state(metrics))
}

/// The first part that is unusable makes the service so.
async fn check(State(health): State<Arc<[Health]>>) -> Response {
    for part in &*health {
        if let Err(reason) = part.check().await {
            return unusable(part.part, &reason);
        }
    }
    Json(json!({ "status": "UP" })).into_response()
}

fn unusable(part: &str, reason: &str) -> Response {
    let body = json!({
        "status": "DOWN",
        "components": { part: { "status": "DOWN" } },
    });
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    let cause = format!("{part} is unusable: {reason}");
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
