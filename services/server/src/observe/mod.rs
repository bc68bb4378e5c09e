//! What is seen of each request: its ids, its server span, its metrics, its access line.
//!
//! It stands around every route. It takes or makes the request's ids, runs the route in their
//! context, and gives the answer `X-Request-Id` and `traceresponse`. The rest happens when the
//! answer's last byte has been handed over, or when the client has gone away before: the
//! [`Record`] that travels with the body writes it, so nothing is missed.

mod ids;
mod record;
mod span;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use api::{Cause, Problem};
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use body::Watched;
use futures_util::FutureExt as _;
use opentelemetry::Context;
use opentelemetry::trace::FutureExt as _;
use opentelemetry_sdk::trace::SdkTracer;
use telemetry::Telemetry;
use telemetry::metrics::ServerMetrics;
use telemetry::protocol::method_name;
use tokio::time::Instant;

use crate::connection::{Client, Origin};
use crate::probes;
use record::{Ending, Record};

/// Sees every request.
pub(crate) struct Observer {
    tracer: SdkTracer,
    metrics: Arc<ServerMetrics>,
    /// The port of the listener.
    port: u16,
    untraced: &'static [&'static str],
    secret_queries: &'static [&'static str],
}

/// How much is recorded of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A request of a client.
    Request,
    /// A request that carries telemetry: ids, but no span, or sending spans would create spans.
    Untraced,
    /// A probe of a machine: ids, but no span, and an access line at debug level only.
    Probe,
    /// A request that is refused unread, as there is too much to do: likewise. Its spans and lines would
    /// take the place of those of the requests that are answered, and cost more than the refusal. The
    /// span of the caller, a line a second and the metrics tell of it.
    Refused,
}

impl Observer {
    pub(crate) fn new(
        telemetry: &Telemetry,
        port: u16,
        untraced: &'static [&'static str],
        secret_queries: &'static [&'static str],
    ) -> Self {
        Self {
            tracer: telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            metrics: telemetry.metrics.server.clone(),
            port,
            untraced,
            secret_queries,
        }
    }

    fn kind(&self, route: Option<&str>) -> Kind {
        match route {
            Some(route) if probes::PATHS.contains(&route) => Kind::Probe,
            Some(route) if self.untraced.contains(&route) => Kind::Untraced,
            _ => Kind::Request,
        }
    }

    /// The context in which the request is answered.
    fn context(
        &self,
        kind: Kind,
        request: &Request,
        route: Option<&str>,
        client: Option<&Client>,
    ) -> Context {
        let parent = ids::parent(request.headers());
        if kind == Kind::Request {
            let is_secret = route.is_some_and(|route| self.secret_queries.contains(&route));
            let query = request.uri().query().filter(|_| !is_secret);
            span::begin(
                &self.tracer,
                &parent,
                request,
                route,
                query,
                client,
                self.port,
            )
        } else {
            ids::unrecorded(&parent)
        }
    }

    /// Has `answer` answer the request in its context; `is_refused` says that it refuses it.
    pub(crate) async fn observe<F: Future<Output = Response>>(
        &self,
        mut request: Request,
        is_refused: bool,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let origin = request.extensions_mut().remove::<Origin>();
        let (client, busy) =
            origin.map_or((None, None), |origin| (origin.client, Some(origin.busy)));
        let caller = client.as_ref().and_then(|client| client.id.clone());
        if let Some(caller) = &caller {
            request.extensions_mut().insert(caller.clone());
        }
        let route = request.extensions().get::<MatchedPath>().cloned();
        let template = route.as_ref().map(MatchedPath::as_str);
        let request_id = ids::request_id(request.headers());
        let kind = if is_refused {
            Kind::Refused
        } else {
            self.kind(template)
        };
        let context = self.context(kind, &request, template, client.as_ref());
        let context = context.with_value(request_id.clone());
        let mut record = Record {
            context: context.clone(),
            kind,
            method: method_name(request.method()),
            route,
            begun: Instant::now(),
            status: None,
            cause: None,
            ending: Ending::CutOff,
            left: None,
            caller,
            metrics: self.metrics.clone(),
            _in_flight: self.metrics.in_flight(),
            _busy: busy,
        };
        let answer = AssertUnwindSafe(answer(request)).catch_unwind();
        let answer = answer.with_context(context.clone()).await;
        let mut response = answer.unwrap_or_else(|_| {
            let _current = context.clone().attach();
            Problem::internal()
                .caused_by(&"the handler panicked")
                .into_response()
        });
        record.status = Some(response.status());
        record.cause = response.extensions_mut().remove::<Cause>();
        ids::insert(response.headers_mut(), &request_id, &context);
        record.begin_body(&response);
        response.map(|body| Body::new(Watched::new(body, record)))
    }
}
