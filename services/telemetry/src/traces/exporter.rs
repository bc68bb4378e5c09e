//! The OTLP exporter: protobuf over HTTP with the services' own HTTP client, or gRPC.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig};
use percent_encoding::percent_decode_str;
use tokio::runtime::Handle;
use tonic::metadata::MetadataMap;

use super::TraceError;
use crate::TelemetryArgs;

/// The protocols that a receiver may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReceiverProtocol {
    /// Protobuf over HTTP/1.1.
    HttpProtobuf,
    /// gRPC.
    Grpc,
}

/// An answer to an export is a few bytes; more is not read.
const ANSWER_LIMIT: usize = 64 * 1024;

pub(super) fn from_args(endpoint: &str, args: &TelemetryArgs) -> Result<SpanExporter, TraceError> {
    let uri: Uri = endpoint
        .parse()
        .map_err(|error| TraceError::Endpoint(format!("'{endpoint}' is no address: {error}")))?;
    if uri.scheme_str() != Some("http") || uri.host().is_none() {
        return Err(TraceError::Endpoint(format!(
            "'{endpoint}' does not begin with http://; for TLS, run a collector on this host and \
             send to it"
        )));
    }
    let one = args
        .otel_exporter_otlp_timeout
        .get("OTEL_EXPORTER_OTLP_TIMEOUT");
    let batch = args.otel_bsp_export_timeout.get("OTEL_BSP_EXPORT_TIMEOUT");
    let timeout = Duration::from_millis(one.min(batch).max(1));
    let headers = receiver_headers(args)?;
    let exporter = match protocol(args) {
        ReceiverProtocol::HttpProtobuf => SpanExporter::builder()
            .with_http()
            .with_http_client(ExportClient::new(timeout, headers))
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(timeout)
            .build()?,
        ReceiverProtocol::Grpc => SpanExporter::builder()
            .with_tonic()
            .with_interceptor(move |request| Ok(with_metadata(request, &headers)))
            .with_endpoint(endpoint)
            .with_timeout(timeout)
            .build()?,
    };
    Ok(exporter)
}

/// An unknown protocol is warned of and the default taken, as the specification asks.
fn protocol(args: &TelemetryArgs) -> ReceiverProtocol {
    match args.otel_exporter_otlp_protocol.get() {
        None | Some("http/protobuf") => ReceiverProtocol::HttpProtobuf,
        Some("grpc") => ReceiverProtocol::Grpc,
        Some(protocol) => {
            tracing::warn!(
                protocol,
                "OTEL_EXPORTER_OTLP_PROTOCOL is neither http/protobuf nor grpc; http/protobuf is used"
            );
            ReceiverProtocol::HttpProtobuf
        }
    }
}

/// The headers that the receiver wants to see, for those who hand spans of others on to it.
pub fn receiver_headers(args: &TelemetryArgs) -> Result<HeaderMap, TraceError> {
    (&headers(args)?)
        .try_into()
        .map_err(|_| TraceError::Headers("OTEL_EXPORTER_OTLP_HEADERS"))
}

/// The headers of the environment, and over them those of the credential.
fn headers(args: &TelemetryArgs) -> Result<HashMap<String, String>, TraceError> {
    let mut headers = HashMap::new();
    let given = args.otel_exporter_otlp_headers.get().unwrap_or_default();
    parse_headers(given, &mut headers).ok_or(TraceError::Headers("OTEL_EXPORTER_OTLP_HEADERS"))?;
    if let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        let file = std::path::Path::new(&directory).join("otlp-headers");
        match std::fs::read_to_string(file) {
            Ok(text) => parse_headers(text.trim(), &mut headers)
                .ok_or(TraceError::Headers("the credential otlp-headers"))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(TraceError::Credential(error)),
        }
    }
    Ok(headers)
}

fn parse_headers(text: &str, headers: &mut HashMap<String, String>) -> Option<()> {
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        http::HeaderName::try_from(name.trim()).ok()?;
        http::HeaderValue::try_from(value.as_ref()).ok()?;
        headers.insert(name.trim().to_ascii_lowercase(), value.into_owned());
    }
    Some(())
}

/// The exporter sets what `OTEL_EXPORTER_OTLP_HEADERS` says by itself, over what it is given; the
/// last word is ours, since a credential goes before the environment.
fn with_metadata(request: tonic::Request<()>, headers: &HeaderMap) -> tonic::Request<()> {
    let (metadata, extensions, ()) = request.into_parts();
    let mut all = metadata.into_headers();
    set(&mut all, headers);
    tonic::Request::from_parts(MetadataMap::from_headers(all), extensions, ())
}

/// Not `extend`: with a borrowed map it would add to those that stand already.
fn set(all: &mut HeaderMap, headers: &HeaderMap) {
    for (name, value) in headers {
        all.insert(name, value.clone());
    }
}

/// The HTTP client of the exporter. The batch processor polls from a thread of its own, outside
/// of the runtime, so the request itself runs as a task of the service's runtime.
#[derive(Debug)]
struct ExportClient {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
    timeout: Duration,
    headers: HeaderMap,
}

impl ExportClient {
    fn new(timeout: Duration, headers: HeaderMap) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self {
            client,
            runtime: Handle::current(),
            timeout,
            headers,
        }
    }
}

#[async_trait]
impl HttpClient for ExportClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = request.map(Full::new);
        set(request.headers_mut(), &self.headers);
        let answer = self.client.request(request);
        let exchange = async move {
            let (head, body) = answer.await?.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        let timeout = self.timeout;
        self.runtime
            .spawn(async move { tokio::time::timeout(timeout, exchange).await })
            .await??
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_pairs_and_nothing_else() {
        let mut headers = HashMap::new();
        parse_headers("Authorization=Basic%20abc, x-tenant=shop", &mut headers).unwrap();
        assert_eq!(headers["authorization"], "Basic abc");
        assert_eq!(headers["x-tenant"], "shop");
        for refused in ["no pair", "bad name=x", "a=line%0Abreak"] {
            assert!(parse_headers(refused, &mut headers).is_none(), "{refused}");
        }
    }
}
