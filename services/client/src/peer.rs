//! A peer and the requests to it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::{Duration, Instant};

use api::PeerUrl;
use axum::body::{Body, Bytes};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry::trace::{FutureExt, SpanBuilder, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::trace::SdkTracer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use telemetry::metrics::ClientMetrics;
use telemetry::{RequestId, Telemetry};
use tokio::time::Sleep;

use crate::PeerError;
use crate::circuit::Circuit;
use crate::record::Record;
use crate::upload::{self, State};

/// On a network of our own a connection stands within milliseconds, or the host is gone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Half of what our servers keep an idle connection, so that none is reused as it closes.
const POOL_IDLE: Duration = Duration::from_secs(5);

/// The most that a JSON answer of a peer may have.
const ANSWER_LIMIT: usize = 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// What is asked of a peer, in words that no client can choose.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The template of the path, for span names and labels: `/products/{id}`.
    pub template: &'static str,
}

/// A JSON answer.
#[derive(Clone, Debug)]
pub struct Answer {
    peer: &'static str,
    /// Its status.
    pub status: StatusCode,
    body: Bytes,
}

/// Another service.
#[derive(Clone, Debug)]
pub struct Peer {
    name: &'static str,
    url: PeerUrl,
    client: Client<HttpConnector, Body>,
    circuit: Arc<Circuit>,
    metrics: ClientMetrics,
    tracer: SdkTracer,
}

impl Peer {
    /// The service `name` at `url`.
    pub fn new(name: &'static str, url: PeerUrl, telemetry: &Telemetry) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector);
        Self {
            name,
            url,
            client,
            circuit: Arc::new(Circuit::new(name)),
            metrics: telemetry.metrics.client.clone(),
            tracer: telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sends a request and hands the answer on as it comes. `timeout` bounds all of it: to the
    /// head of the answer by an error here, and to its end by an error of its body.
    pub async fn send(
        &self,
        route: Route,
        path: PathAndQuery,
        headers: HeaderMap,
        body: Body,
        timeout: Duration,
    ) -> Result<Response<Body>, PeerError> {
        let deadline = Instant::now() + timeout;
        let context = self.begin(&route, &path);
        let mut record = Record {
            peer: self.name,
            route,
            context: context.clone(),
            metrics: self.metrics.clone(),
            circuit: Arc::clone(&self.circuit),
            begun: Instant::now(),
            status: None,
            ended: false,
        };
        let outcome = if self.circuit.admits() {
            let (body, progress) = upload::watch(body);
            let request = self.request(&record.route, path, headers, body, &context);
            let exchange = self.client.request(request).with_context(context);
            let peer = self.name;
            match (
                tokio::time::timeout_at(deadline.into(), exchange).await,
                progress.state(),
            ) {
                (Ok(Ok(answer)), _) => Ok(answer),
                (Ok(Err(_)), State::TooLarge) => Err(PeerError::RequestTooLarge { peer }),
                (Ok(Err(_)), State::Broken) => Err(PeerError::RequestBroken { peer }),
                (Ok(Err(error)), _) => Err(self.unreachable(error)),
                (Err(_), State::Underway) => Err(PeerError::RequestTooSlow { peer }),
                (Err(_), _) => Err(PeerError::Timeout { peer }),
            }
        } else {
            Err(PeerError::CircuitOpen { peer: self.name })
        };
        match outcome {
            Ok(answer) => {
                record.answered(answer.status());
                Ok(answer.map(|body| {
                    Body::new(Answering {
                        body,
                        record,
                        deadline,
                        sleep: None,
                    })
                }))
            }
            Err(error) => {
                record.failed(&error);
                Err(error)
            }
        }
    }

    /// Sends a JSON body, or none, and reads the JSON answer.
    pub async fn call(
        &self,
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
                let body = serde_json::to_vec(body).map_err(|error| self.unexpected(&error))?;
                Body::from(body)
            }
            None => Body::empty(),
        };
        let (head, body) = self
            .send(route, path, headers, body, timeout)
            .await?
            .into_parts();
        let body = Limited::new(body, ANSWER_LIMIT)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<LengthLimitError>() {
                    self.unexpected(&error)
                } else {
                    self.unreachable(error)
                }
            })?;
        Ok(Answer {
            peer: self.name,
            status: head.status,
            body: body.to_bytes(),
        })
    }

    /// The client span (semantic conventions, "HTTP client"), under the current one.
    fn begin(&self, route: &Route, path: &PathAndQuery) -> Context {
        let method = route.method_name();
        let attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("server.address", self.url.host().to_owned()),
            KeyValue::new("server.port", i64::from(self.url.port())),
            KeyValue::new("url.full", format!("{}{path}", self.url)),
        ];
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
        &self,
        route: &Route,
        path: PathAndQuery,
        headers: HeaderMap,
        body: Body,
        context: &Context,
    ) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = route.method.clone();
        *request.uri_mut() = self.url.join(path);
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

    fn unreachable(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> PeerError {
        PeerError::Unreachable {
            peer: self.name,
            source: source.into(),
        }
    }

    fn unexpected(&self, what: &impl ToString) -> PeerError {
        PeerError::Unexpected {
            peer: self.name,
            what: what.to_string(),
        }
    }
}

impl Route {
    /// A route.
    pub const fn new(method: Method, template: &'static str) -> Self {
        Self { method, template }
    }

    /// The method in span names and labels. The routes of the shop use no other.
    pub(crate) fn method_name(&self) -> &'static str {
        match self.method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "_OTHER",
        }
    }
}

impl Answer {
    /// The body as `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PeerError> {
        serde_json::from_slice(&self.body).map_err(|error| PeerError::Unexpected {
            peer: self.peer,
            what: format!("{} with a body that is not as agreed: {error}", self.status),
        })
    }

    /// An error for a status that the contract does not know here.
    pub fn unexpected(&self) -> PeerError {
        PeerError::Unexpected {
            peer: self.peer,
            what: format!("status {}", self.status),
        }
    }
}

/// The answer's body with the record of its request and the time that is left.
struct Answering {
    body: Incoming,
    record: Record,
    deadline: Instant,
    /// Made when the body is first waited for, which most never are.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let peer = this.record.peer;
        let error = match Pin::new(&mut this.body).poll_frame(task) {
            Poll::Ready(Some(Err(error))) => PeerError::Unreachable {
                peer,
                source: Box::new(error),
            },
            Poll::Ready(frame) => return Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => {
                let deadline = this.deadline;
                let sleep = this
                    .sleep
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
                ready!(sleep.as_mut().poll(task));
                PeerError::Timeout { peer }
            }
        };
        this.record.failed(&error);
        Poll::Ready(Some(Err(Box::new(error))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
