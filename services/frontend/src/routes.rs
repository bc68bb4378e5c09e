//! The routes of the frontend server.

use std::path::Path;

use api::Problem;
use axum::extract::{self, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use client::Peer;
use http::{HeaderValue, header};

use crate::config::PageConfig;
use crate::gateway;
use crate::logs;
use crate::page::{self, Page};
use crate::spans::{self, SpanReceiver};
use crate::system::{self, System};
use crate::traces;

/// Routes that carry telemetry, and the page's files: a trace begins with a click, not with the
/// loading of a picture or the reading of a trace.
pub(crate) const UNTRACED: [&str; 10] = [
    "/otlp/v1/traces",
    "/traces/{trace_id}",
    "/logs/{trace_id}",
    "/system/overview",
    "/system/exemplars/{service}",
    "/system/faults",
    "/config.json",
    "/assets/{*file}",
    "/",
    "/{*view}",
];

/// All that the routes need.
#[derive(Clone, Debug)]
pub(crate) struct Frontend {
    pub(crate) config: PageConfig,
    pub(crate) gateway: Peer,
    pub(crate) receiver: SpanReceiver,
    pub(crate) traces: Option<Peer>,
    pub(crate) logs: Option<Peer>,
    pub(crate) system: Option<System>,
}

pub(crate) fn router(frontend: Frontend, assets: &Path) -> Router {
    let page = Page::new(assets);
    Router::new()
        .route("/config.json", get(config).with_state(frontend.config))
        .route(
            "/otlp/v1/traces",
            post(spans::receive).with_state(frontend.receiver),
        )
        .route(
            "/traces/{trace_id}",
            get(trace).with_state((frontend.traces, page.clone())),
        )
        .route(
            "/logs/{trace_id}",
            get(logs::of_trace).with_state(frontend.logs),
        )
        .route(
            "/system/overview",
            get(system::overview).with_state(frontend.system.clone()),
        )
        .route(
            "/system/exemplars/{service}",
            get(system::exemplars).with_state(frontend.system.clone()),
        )
        .route(
            "/system/faults",
            get(system::faults).with_state(frontend.system),
        )
        .route("/assets/{*file}", get(page::asset).with_state(page.clone()))
        .route("/", get(page::view).with_state(page.clone()))
        .route("/{*view}", get(page::view).with_state(page))
        .merge(gateway::router(&frontend.gateway))
        .layer(middleware::map_response(page::protect))
}

async fn config(State(config): State<PageConfig>) -> Json<PageConfig> {
    Json(config)
}

/// The trace for a program, and for a person at the address bar the page that shows it.
async fn trace(
    State((traces, page)): State<(Option<Peer>, Page)>,
    id: extract::Path<String>,
    mut request: Request,
) -> Result<Response, Problem> {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    let mut response = if accept.is_some_and(|accept| accept.contains("text/html")) {
        // The page in one encoding only, so that the answer varies with `Accept` alone.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
        page::view(State(page), request).await?
    } else {
        traces::one(traces, &id).await?
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}
