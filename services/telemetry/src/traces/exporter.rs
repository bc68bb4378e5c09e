//! The OTLP exporter: protobuf over HTTP with the services' own HTTP client, or gRPC.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_COMPRESSION, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
    WithTonicConfig,
};
use tokio::runtime::Handle;
use tonic::metadata::MetadataMap;

use super::TraceError;
use crate::TelemetryArgs;

/// How many bytes of an answer are read: it has a few, unless its sender is broken.
const ANSWER_LIMIT: usize = 64 * 1024;

/// An exporter to `endpoint`, with these headers. Must be called inside the runtime that is to
/// send.
pub(super) fn from_args(
    endpoint: &str,
    headers: HeaderMap,
    args: &TelemetryArgs,
) -> Result<SpanExporter, TraceError> {
    let uri: Uri = endpoint.parse().map_err(|error| {
        TraceError::Endpoint(format!("'{endpoint}' is not an address: {error}"))
    })?;
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
    warn_of_compression();
    let exporter = match protocol(args) {
        Protocol::Grpc => SpanExporter::builder()
            .with_tonic()
            .with_interceptor(move |request| Ok(with_metadata(request, &headers)))
            .with_endpoint(endpoint)
            .with_timeout(timeout)
            .build()?,
        protocol => SpanExporter::builder()
            .with_http()
            .with_http_client(ExportClient::new(timeout, headers))
            .with_protocol(protocol)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(timeout)
            .build()?,
    };
    Ok(exporter)
}

/// For an unknown protocol a warning is logged and the default taken, as the specification asks.
fn protocol(args: &TelemetryArgs) -> Protocol {
    match args.otel_exporter_otlp_protocol.get() {
        None | Some("http/protobuf") => Protocol::HttpBinary,
        Some("grpc") => Protocol::Grpc,
        Some(protocol) => {
            tracing::warn!(
                protocol,
                "OTEL_EXPORTER_OTLP_PROTOCOL is neither http/protobuf nor grpc; http/protobuf is used"
            );
            Protocol::HttpBinary
        }
    }
}

/// The library goes on without compression, which it is built without: to a receiver on this host
/// it would cost more than it saves. What the library itself says is not logged.
fn warn_of_compression() {
    let compression = std::env::var(OTEL_EXPORTER_OTLP_COMPRESSION).unwrap_or_default();
    if !compression.is_empty() && !compression.eq_ignore_ascii_case("none") {
        tracing::warn!(
            compression,
            "{OTEL_EXPORTER_OTLP_COMPRESSION} is not supported; spans are sent uncompressed"
        );
    }
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
