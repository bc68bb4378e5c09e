//! A peer and the requests to it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use api::PeerUrl;
use axum::body::Body;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use identity::Identity;
use opentelemetry::trace::{FutureExt, SpanBuilder, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, StringValue, global};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::trace::SdkTracer;
use opentelemetry_semantic_conventions::attribute::{
    HTTP_REQUEST_METHOD, HTTP_REQUEST_RESEND_COUNT, SERVER_ADDRESS, SERVER_PORT, URL_FULL,
    URL_TEMPLATE,
};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Serialize;
use telemetry::metrics::ClientMetrics;
use telemetry::traces::bounded;
use telemetry::{RequestId, Telemetry};
use tokio::time::Instant;

use crate::circuit::{Circuit, Permit};
use crate::connection::SendError;
use crate::connections::{Connections, Received};
use crate::connector::{Connector, Security};
use crate::record::Record;
use crate::request_body::{self, RequestBody, Stage};
use crate::response_body::{self, ResponseBody};
use crate::{Answer, PeerError, Route};

/// How long a probe of the circuit may wait for its own body. Every other request is refused
/// meanwhile, and a client that sends slowly says nothing about the peer. A whole body comes within
/// milliseconds.
const PROBE_BODY: Duration = Duration::from_secs(1);

/// What the rest of an answer has at least, whose head came in time. A peer gives up on a slow
/// request after as long as the gateway does, and its answer comes just as the deadline passes.
const REST_OF_ANSWER: Duration = Duration::from_secs(1);

/// The most bytes that a JSON answer of a peer may have: a thousand times the longest of the shop.
const ANSWER_LIMIT: usize = 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// Another service.
#[derive(Clone, Debug)]
pub struct Peer {
    name: &'static str,
    url: PeerUrl,
    /// The host of `url`, shared by its spans.
    host: StringValue,
    connections: Connections,
    circuit: Arc<Circuit>,
    metrics: ClientMetrics,
    tracer: SdkTracer,
}

impl Peer {
    /// The service `name` at `url`. The name is the one under which the service itself speaks, as
    /// in Prometheus' `job`: `inventory-service`.
    pub fn new(name: &'static str, url: PeerUrl, telemetry: &Telemetry) -> Self {
        Self::with(Security::Plain, name, url, telemetry)
    }

    /// The same over TLS: `url` is of https, and the peer proves who it is as `tls` asks.
    pub fn over_tls(
        name: &'static str,
        url: PeerUrl,
        tls: Arc<ClientConfig>,
        telemetry: &Telemetry,
    ) -> Self {
        Self::with(Security::Host(tls), name, url, telemetry)
    }

    /// Another service of the shop, which a process with an identity asks over TLS and nobody else
    /// than the service of this name answers.
    pub fn of_shop(
        name: &'static str,
        url: PeerUrl,
        identity: Option<&Identity>,
        telemetry: &Telemetry,
    ) -> Self {
        let Some(identity) = identity else {
            return Self::new(name, url, telemetry);
        };
        let service = ServerName::try_from(name).expect("a service has the name of a unit");
        let security = Security::Service(identity.clone(), service);
        Self::with(security, name, url.over_tls(), telemetry)
    }

    fn with(security: Security, name: &'static str, url: PeerUrl, telemetry: &Telemetry) -> Self {
        // An IPv6 address stands in brackets in a URL only.
        let host: Arc<str> = url.host().trim_matches(['[', ']']).into();
        let circuit = Arc::new(Circuit::new(name));
        let metrics = telemetry.metrics.client.clone();
        metrics.show(circuit.clone());
        Self {
            name,
            connections: Connections::new(Connector::new(security), &url),
            url,
            host: host.into(),
            circuit,
            metrics,
            tracer: telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sends a JSON body, or none, and reads the JSON answer. `timeout` bounds all of it.
    pub async fn call(
        &self,
        route: Route,
        path: PathAndQuery,
        body: Option<&(impl Serialize + Sync)>,
        timeout: Duration,
    ) -> Result<Answer, PeerError> {
        self.call_again(0, route, path, body, timeout).await
    }

    /// [`Peer::call`] for a request that has been sent `resend_count` times before, which its span
    /// records (semantic conventions, `http.request.resend_count`).
    pub async fn call_again(
        &self,
        resend_count: u32,
        route: Route,
        path: PathAndQuery,
        body: Option<&(impl Serialize + Sync)>,
        timeout: Duration,
    ) -> Result<Answer, PeerError> {
        let mut headers = HeaderMap::with_capacity(8);
        let body = match body {
            Some(body) => {
                let json = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, json);
                Body::from(serde_json::to_vec(body).expect("what is asked is plain data"))
            }
            None => Body::empty(),
        };
        let response = self
            .send(route, resend_count, path, headers, body, timeout)
            .await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_LIMIT).collect().await;
        Ok(Answer {
            peer: self.name,
            status: head.status,
            body: body.map_err(|error| self.unreadable(error))?.to_bytes(),
        })
    }

    /// Sends a request and gives the answer on as it comes. `timeout` bounds all of it: to the
    /// head of the answer by an error here, and to its end by an error of its body, which has
    /// [`REST_OF_ANSWER`] in any case.
    pub(crate) async fn send(
        &self,
        route: Route,
        resend_count: u32,
        path: PathAndQuery,
        headers: HeaderMap,
        body: Body,
        timeout: Duration,
    ) -> Result<Response<ResponseBody>, PeerError> {
        let deadline = Instant::now() + timeout;
        let context = self.begin_span(&route, resend_count, &path);
        let (body, progress) = request_body::watch(body);
        let request = Self::request(&route, path, headers, body, &context);
        let mut record = Record::begin(self.name, route, context.clone(), self.metrics.clone());
        let exchange = self.exchange(request, &progress, deadline);
        match exchange.with_context(context).await {
            Ok(response) => {
                record.answered(&response);
                let deadline = deadline.max(Instant::now() + REST_OF_ANSWER);
                Ok(response.map(|body| response_body::watch(body, record, deadline)))
            }
            Err(error) => {
                record.failed(&error);
                Err(error)
            }
        }
    }

    /// The way of a request through the circuit to the head of its answer, which is its outcome to
    /// the circuit.
    async fn exchange(
        &self,
        request: Request<RequestBody>,
        progress: &request_body::Progress,
        deadline: Instant,
    ) -> Result<Response<Received>, PeerError> {
        let mut permit = Some(self.circuit.admit()?);
        let answer = self.connections.send(request, progress, deadline);
        let mut answer = std::pin::pin!(answer);
        if permit.as_ref().is_some_and(Permit::is_probe) {
            tokio::select! {
                biased;
                early = &mut answer => return self.outcome(early, progress, permit),
                () = progress.stalls(PROBE_BODY) => permit = None,
            }
        }
        self.outcome(answer.await, progress, permit)
    }

    /// What came of a request, which is its outcome to the circuit if it still has its permit.
    fn outcome(
        &self,
        answer: Result<Response<Received>, SendError>,
        progress: &request_body::Progress,
        permit: Option<Permit>,
    ) -> Result<Response<Received>, PeerError> {
        let outcome = answer.map_err(|error| self.failure(error, progress));
        if let Some(permit) = permit {
            match &outcome {
                Ok(_) => permit.succeeded(),
                Err(error) if error.is_failure_of_the_peer() => permit.failed(&error.chain()),
                Err(_) => drop(permit),
            }
        }
        outcome
    }

    /// What an error means for a request whose body has come so far. Where it cannot be known that
    /// nothing was written, something was.
    fn failure(&self, error: SendError, progress: &request_body::Progress) -> PeerError {
        let peer = self.name;
        match (error, progress.give_up()) {
            (SendError::TimedOut, Stage::Awaited) => PeerError::RequestTooSlow { peer },
            (error, Stage::Untouched | Stage::GivenUp) => PeerError::Unreachable {
                peer,
                source: Box::new(error),
            },
            (SendError::TimedOut, _) => PeerError::Timeout { peer },
            (_, Stage::TooLarge) => PeerError::RequestTooLarge { peer },
            (_, Stage::Broken) => PeerError::RequestBroken { peer },
            (error @ (SendError::Connect(_) | SendError::Unsent(_)), _) => PeerError::Unreachable {
                peer,
                source: Box::new(error),
            },
            (error @ SendError::Broken(_), _) => PeerError::BrokenOff {
                peer,
                source: Box::new(error),
            },
        }
    }

    /// What an error of the answer's body means.
    fn unreadable(&self, error: Box<dyn Error + Send + Sync>) -> PeerError {
        match error.downcast::<PeerError>() {
            Ok(error) => *error,
            Err(error) => PeerError::Unexpected {
                peer: self.name,
                what: if error.is::<LengthLimitError>() {
                    format!("a body of more than {ANSWER_LIMIT} bytes")
                } else {
                    error.to_string()
                },
            },
        }
    }

    /// The client span (semantic conventions, "HTTP client"), under the current one.
    fn begin_span(&self, route: &Route, resend_count: u32, path: &PathAndQuery) -> Context {
        let method = route.method_name();
        let url = format!("{}{path}", self.url);
        let mut attributes = Vec::with_capacity(6);
        attributes.extend([
            KeyValue::new(HTTP_REQUEST_METHOD, method),
            KeyValue::new(SERVER_ADDRESS, self.host.clone()),
            KeyValue::new(SERVER_PORT, i64::from(self.url.port())),
            KeyValue::new(URL_FULL, bounded(&url).to_owned()),
            KeyValue::new(URL_TEMPLATE, route.template),
        ]);
        if resend_count > 0 {
            let count = i64::from(resend_count);
            attributes.push(KeyValue::new(HTTP_REQUEST_RESEND_COUNT, count));
        }
        let span = SpanBuilder {
            name: format!("{method} {}", route.template).into(),
            span_kind: Some(SpanKind::Client),
            attributes: Some(attributes),
            ..SpanBuilder::default()
        };
        let parent = Context::current();
        let span = self.tracer.build_with_context(span, &parent);
        parent.with_span(span)
    }

    fn request(
        route: &Route,
        path: PathAndQuery,
        headers: HeaderMap,
        body: RequestBody,
        context: &Context,
    ) -> Request<RequestBody> {
        let mut request = Request::new(body);
        *request.method_mut() = route.method.clone();
        *request.uri_mut() = path.into();
        *request.headers_mut() = headers;
        let headers = request.headers_mut();
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(context, &mut HeaderInjector(headers));
        });
        if let Some(id) = context.get::<RequestId>()
            && let Ok(id) = HeaderValue::from_str(id.as_str())
        {
            headers.insert(REQUEST_ID, id);
        }
        request
    }
}
