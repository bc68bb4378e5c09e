//! The routes of the frontend server.

use std::path::Path;

use api::endpoints::Access;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use client::Peer;
use http::{HeaderValue, header};
use sign_in::SignIn;

use crate::config::PageConfig;
use crate::gateway;
use crate::logs;
use crate::page::{self, Page};
use crate::spans::{self, SpanReceiver};
use crate::system::{self, System};
use crate::traces;

/// Routes that carry telemetry, and the page's files: a trace begins with a click, not with the
/// loading of a picture or the reading of a trace.
pub(crate) const UNTRACED: [&str; 11] = [
    "/auth/me",
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
    /// How people sign in, if they do.
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) config: PageConfig,
    pub(crate) gateway: Peer,
    pub(crate) receiver: SpanReceiver,
    pub(crate) traces: Option<Peer>,
    pub(crate) logs: Option<Peer>,
    pub(crate) system: Option<System>,
}

pub(crate) fn router(frontend: &Frontend, assets: &Path) -> Router {
    let page = Page::new(assets);
    let sign_in = frontend.sign_in.clone();
    let public = Router::new()
        .route(
            "/config.json",
            get(config).with_state(frontend.config.clone()),
        )
        .route(
            "/otlp/v1/traces",
            post(spans::receive).with_state(frontend.receiver.clone()),
        )
        .route("/assets/{*file}", get(page::asset).with_state(page.clone()))
        .route("/", get(page::view).with_state(page.clone()))
        .route("/{*view}", get(page::view).with_state(page.clone()));
    let personal = gateway::router(&frontend.gateway)
        .merge(sign_in::router(sign_in.clone()))
        .merge(traces(frontend, page))
        .merge(only(Access::Customers, frontend, logs(frontend)))
        .merge(only(Access::Operators, frontend, of_the_system(frontend)));
    let router = match sign_in {
        None => public.merge(personal),
        Some(sign_in) => {
            let attach = middleware::from_fn_with_state(sign_in.clone(), SignIn::attach);
            let same_origin = middleware::from_fn_with_state(sign_in, SignIn::same_origin);
            public.merge(personal.layer(attach)).layer(same_origin)
        }
    };
    router.layer(middleware::map_response(page::protect))
}

/// Where people sign in, only those of this access.
fn only(access: Access, frontend: &Frontend, router: Router) -> Router {
    match frontend.sign_in {
        None => router,
        Some(_) => router.layer(middleware::from_fn_with_state(access, SignIn::only)),
    }
}

/// The trace of an order. A customer has its id, which nobody can guess.
fn traces(frontend: &Frontend, page: Page) -> Router {
    let traces = get(traces::one).with_state(frontend.traces.clone());
    let router = Router::new().route("/traces/{trace_id}", traces);
    only(Access::Customers, frontend, router)
        .layer(middleware::from_fn_with_state(page, page_for_people))
}

/// The log lines of a trace.
fn logs(frontend: &Frontend) -> Router {
    Router::new().route(
        "/logs/{trace_id}",
        get(logs::of_trace).with_state(frontend.logs.clone()),
    )
}

/// How the services do.
fn of_the_system(frontend: &Frontend) -> Router {
    let system = || frontend.system.clone();
    Router::new()
        .route(
            "/system/overview",
            get(system::overview).with_state(system()),
        )
        .route(
            "/system/exemplars/{service}",
            get(system::exemplars).with_state(system()),
        )
        .route("/system/faults", get(system::faults).with_state(system()))
}

async fn config(State(config): State<PageConfig>) -> Json<PageConfig> {
    Json(config)
}

/// A layer around the trace for programs: a person at the address bar gets the page that shows it.
async fn page_for_people(State(page): State<Page>, mut request: Request, next: Next) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    let mut response = if accept.is_some_and(|accept| accept.contains("text/html")) {
        // The page in one encoding only, so that the answer varies with `Accept` alone.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
        page::view(State(page), request).await.into_response()
    } else {
        next.run(request).await
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
