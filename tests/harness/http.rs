//! A plain HTTP client: one connection pool, no retries, no redirects, no telemetry.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::unharmed::assert_reveals_nothing;

/// Longer than any bound of the services, so that a test sees their answer and not its own
/// impatience.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A client of one address.
#[derive(Clone, Debug)]
pub struct Http {
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Http {
    /// A client of `address`.
    pub fn new(address: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            address,
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// The address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request; an error is one of the connection.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let uri: Uri = format!("http://{}{path}", self.address)
            .parse()
            .expect("a path");
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let exchange = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            let body = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            // An answer that breaks off has an empty body here, and its length tells.
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.unwrap_or_default(),
            })
        };
        tokio::time::timeout(TIMEOUT, exchange)
            .await
            .expect("an answer within a minute")
    }

    /// Sends a request that must be answered.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.try_send(method.clone(), path, headers, body)
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    /// POST of JSON with further headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.send(Method::POST, path, &headers, body.to_string())
            .await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::PUT, path, &headers, body.to_string())
            .await
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The value of a header, which must stand at most once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(
            values.len() <= 1,
            "{name} stands more than once: {values:?}"
        );
        values.first().map(|value| value.to_str().expect("a text"))
    }

    /// The trace id that `traceresponse` tells.
    pub fn trace_id(&self) -> String {
        let value = self
            .header("traceresponse")
            .expect("every answer bears traceresponse");
        let parts: Vec<_> = value.split('-').collect();
        assert!(
            parts.len() == 4 && parts[0] == "00",
            "no traceresponse: {value}"
        );
        parts[1].to_owned()
    }

    /// Asserts that this is a problem (RFC 9457) of `status` that shows nothing of the inside,
    /// and gives it.
    pub fn problem(&self, status: u16) -> Value {
        assert_reveals_nothing(self);
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        let kind = api::ProblemKind::ALL
            .into_iter()
            .find(|kind| problem["type"] == kind.uri())
            .unwrap_or_else(|| panic!("of no kind that is known: {problem}"));
        assert_eq!(problem["title"], kind.title());
        assert_eq!(kind.status(), status);
        for field in ["type", "title", "detail", "error", "traceId"] {
            assert!(problem[field].is_string(), "{field} is missing: {problem}");
        }
        assert_eq!(problem["traceId"], self.trace_id());
        problem
    }
}
