//! The routes of the frontend server.

use std::path::Path;
use std::time::Duration;

use api::Problem;
use axum::extract::{self, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router, middleware};
use client::{Forward, Peer, Route};
use http::uri::PathAndQuery;
use http::{HeaderValue, header};

use crate::config::PageConfig;
use crate::page::{self, Page};
use crate::spans::{self, SpanReceiver};
use crate::traces;

/// Routes that carry telemetry, and the page's files: a trace begins with a click, not with the
/// loading of a picture or the reading of a trace.
pub(crate) const UNTRACED: [&str; 6] = [
    "/otlp/v1/traces",
    "/traces/{trace_id}",
    "/config.json",
    "/assets/{*file}",
    "/",
    "/{*view}",
];

/// A little more than the gateway's own ten seconds, so that its answer wins.
const TIMEOUT: Duration = Duration::from_secs(11);

/// All that the routes need.
#[derive(Clone, Debug)]
pub(crate) struct Frontend {
    pub(crate) config: PageConfig,
    pub(crate) gateway: Peer,
    pub(crate) receiver: SpanReceiver,
    pub(crate) traces: Option<Peer>,
}

pub(crate) fn router(frontend: Frontend, assets: &Path) -> Router {
    let page = Page::new(assets);
    let api = any(to_gateway).with_state(frontend.gateway);
    Router::new()
        .route("/api/{*path}", api.clone())
        // A wildcard matches no empty rest, and these two are no views of the page.
        .route("/api", api.clone())
        .route("/api/", api)
        .route("/config.json", get(config).with_state(frontend.config))
        .route(
            "/otlp/v1/traces",
            post(spans::receive).with_state(frontend.receiver),
        )
        .route(
            "/traces/{trace_id}",
            get(trace).with_state((frontend.traces, page.clone())),
        )
        .route("/assets/{*file}", get(page::asset).with_state(page.clone()))
        .route("/", get(page::view).with_state(page.clone()))
        .route("/{*view}", get(page::view).with_state(page))
        .layer(middleware::map_response(page::protect))
}

async fn config(State(config): State<PageConfig>) -> Json<PageConfig> {
    Json(config)
}

/// The trace for a program, and for a person at the address bar the page that shows it.
async fn trace(
    State((traces, page)): State<(Option<Peer>, Page)>,
    id: extract::Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let mut response = if accept.is_some_and(|accept| accept.contains("text/html")) {
        page::view(State(page), request).await?
    } else {
        traces::one(traces, &id).await?
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

async fn to_gateway(State(gateway): State<Peer>, request: Request) -> Result<Response, Problem> {
    let path = request.uri().path_and_query().cloned();
    let forward = Forward {
        route: Route {
            method: request.method().clone(),
            template: "/api/{*path}",
        },
        path: path.unwrap_or_else(|| PathAndQuery::from_static("/api/")),
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    gateway
        .forward(forward, request)
        .await
        .map(IntoResponse::into_response)
}
