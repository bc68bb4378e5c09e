//! The HTTP client: a request and its complete answer, within a timeout.

use std::error::Error;
use std::time::Duration;

use api::{IdempotencyKey, PeerUrl};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::failure::{Example, Failure, Kind};

/// The largest answer: room for a list of some ten thousand products.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// How long an idle connection is kept: half as long as a service that is about to end keeps one, so that
/// none is reused while it closes, and one that breaks is a fault of the shop.
const POOL_IDLE: Duration = Duration::from_millis(250);

/// In characters: a line or two of a terminal.
const DETAIL_LENGTH: usize = 200;

/// A client of one target, with a connection for each request in flight.
#[derive(Debug)]
pub(crate) struct HttpClient {
    target: PeerUrl,
    http: HyperClient<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

/// A complete answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpClient {
    pub(crate) fn new(target: PeerUrl, timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = HyperClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector);
        Self {
            target,
            http,
            timeout,
        }
    }

    /// Sends a GET request.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path, None, String::new()).await
    }

    /// Sends a request, with JSON if `body` is not empty, and reads the complete answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<String>,
        body: String,
    ) -> Result<Answer, Failure> {
        let malformed = |error: http::Error| Failure::unanswered(Kind::Malformed, error);
        let path = PathAndQuery::try_from(path).map_err(|error| malformed(error.into()))?;
        let mut request = Request::builder()
            .method(method)
            .uri(self.target.join(path));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header(IdempotencyKey::HEADER, key);
        }
        let request = request.body(Full::from(body)).map_err(malformed)?;
        let exchange = async {
            let answer = self.http.request(request).await.map_err(|error| {
                let kind = if error.is_connect() {
                    Kind::Connect
                } else {
                    Kind::Broken
                };
                Failure::unanswered(kind, root_cause(&error))
            })?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await;
            let body = body.map_err(|error| Failure::unanswered(Kind::Broken, error))?;
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
            })
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or_else(|_| {
                let bound = humantime::format_duration(self.timeout);
                let detail = format!("no complete answer within {bound}");
                Err(Failure::unanswered(Kind::Timeout, detail))
            })
    }
}

impl Answer {
    /// The failure of an answer whose status the contract does not allow here.
    pub(crate) fn unexpected(&self) -> Failure {
        self.failure(Kind::Status(self.status.as_u16()), self.detail())
    }

    /// The failure of an answer whose status is right and whose body is wrong.
    pub(crate) fn bad_body(&self, what: impl std::fmt::Display) -> Failure {
        self.failure(Kind::BadBody, what.to_string())
    }

    fn failure(&self, kind: Kind, detail: String) -> Failure {
        let example = Example {
            status: Some(self.status.as_u16()),
            detail,
            trace_id: self.trace_id().map(str::to_owned),
        };
        Failure { kind, example }
    }

    /// From `00-<trace id>-<span id>-<flags>`, as in `traceparent` (W3C Trace Context).
    fn trace_id(&self) -> Option<&str> {
        let value = self.headers.get("traceresponse")?.to_str().ok()?;
        let id = value.split('-').nth(1)?;
        (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
    }

    /// The detail of the problem (RFC 9457), or the beginning of any other body, without control
    /// characters, which could harm a terminal.
    fn detail(&self) -> String {
        let problem = serde_json::from_slice::<serde_json::Value>(&self.body).ok();
        let detail = problem
            .as_ref()
            .and_then(|problem| problem["detail"].as_str());
        let body = String::from_utf8_lossy(&self.body);
        let text = detail.unwrap_or(&body).chars();
        text.filter(|letter| !letter.is_control())
            .take(DETAIL_LENGTH)
            .collect()
    }
}

/// The last source of an error. hyper's own text only says that something went wrong.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
