//! OTLP over HTTP/1.1 with protobuf (OTLP specification, "OTLP/HTTP").

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::exporter::{ANSWER_LIMIT, USER_AGENT};
use super::retry::Failure;

/// A receiver that is reached over HTTP.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
}

impl Http {
    pub(super) fn new(uri: Uri, mut headers: HeaderMap) -> Self {
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        headers.insert(header::CONTENT_TYPE, protobuf);
        let agent = header::HeaderValue::from_static(USER_AGENT);
        headers.entry(header::USER_AGENT).or_insert(agent);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self {
            client,
            uri,
            headers,
        }
    }

    /// Sends an encoded `ExportTraceServiceRequest`.
    pub(super) async fn export(self, body: Bytes) -> Result<ExportTraceServiceResponse, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        let answer = self.client.request(request).await;
        let (head, body) = answer
            .map_err(|error| Failure::transient(with_sources(&error), None))?
            .into_parts();
        if !head.status.is_success() {
            return Err(failure(head.status, &head.headers));
        }
        let body = Limited::new(body, ANSWER_LIMIT).collect().await;
        let body = body.map_err(|error| Failure::transient(with_sources(&*error), None))?;
        // An answer that is not protobuf, such as an empty one or JSON, rejects nothing.
        Ok(ExportTraceServiceResponse::decode(body.to_bytes()).unwrap_or_default())
    }
}

fn failure(status: StatusCode, headers: &HeaderMap) -> Failure {
    let reason = format!("the receiver answered {status}");
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Failure::transient(reason, retry_after(headers)),
        _ => Failure::permanent(reason),
    }
}

/// The delay in seconds. The other form, a date, is not read: the usual pause is taken.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// hyper's own message says what failed, its sources why.
fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_statuses_of_the_specification_are_tried_again() {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from(7))]);
        for (status, seconds) in [
            (429, Some(7)),
            (502, Some(7)),
            (503, Some(7)),
            (504, Some(7)),
            (400, None),
            (401, None),
            (500, None),
        ] {
            let found = failure(StatusCode::from_u16(status).unwrap(), &headers);
            let reason = found.to_string();
            let expected = match seconds {
                Some(seconds) => Failure::transient(reason, Some(Duration::from_secs(seconds))),
                None => Failure::permanent(reason),
            };
            assert_eq!(found, expected, "{status}");
        }
    }
}
