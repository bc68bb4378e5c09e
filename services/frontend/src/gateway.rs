//! Forwards everything under `/api` to the gateway.
//!
//! Each route has the template that it has at the gateway, so that spans, metrics and access lines
//! tell a purchase from a look at the stock.

use std::time::Duration;

use api::{Problem, endpoints};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use client::{Forward, Peer, Route};
use http::uri::PathAndQuery;

/// A little more than the gateway's own ten seconds, so that its answer wins.
const TIMEOUT: Duration = Duration::from_secs(11);

/// Paths that the gateway does not know. It answers them, but telemetry has one name for all of
/// them, since a client can choose them.
const OTHER: &str = "/api/{*path}";

/// A route of the gateway, by its template.
#[derive(Clone, Debug)]
struct GatewayRoute {
    gateway: Peer,
    template: &'static str,
}

pub(crate) fn router(gateway: &Peer) -> Router {
    let route = |template| {
        let gateway = gateway.clone();
        any(forward).with_state(GatewayRoute { gateway, template })
    };
    let router = endpoints::paths().fold(Router::new(), |router, path| {
        router.route(path, route(path))
    });
    router
        .route(OTHER, route(OTHER))
        // A wildcard matches no empty rest, and these two are no views of the page.
        .route("/api", route(OTHER))
        .route("/api/", route(OTHER))
}

async fn forward(
    State(GatewayRoute { gateway, template }): State<GatewayRoute>,
    request: Request,
) -> Result<Response, Problem> {
    let path = request.uri().path_and_query().cloned();
    let forward = Forward {
        route: Route::new(request.method().clone(), template),
        path: path.unwrap_or_else(|| PathAndQuery::from_static("/api/")),
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    gateway
        .forward(forward, request)
        .await
        .map(IntoResponse::into_response)
}
