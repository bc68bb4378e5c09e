//! The OTLP exporter: one batch after the other to the receiver, over HTTP or gRPC.
//!
//! Not `opentelemetry-otlp`: its exporters answer `Ok` to a batch of which the receiver has
//! rejected spans, and keep to themselves how many. The messages, and the way from spans to them,
//! are those of `opentelemetry-proto`.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;
use tokio::runtime::Handle;

use super::TraceError;
use super::grpc::Grpc;
use super::headers::{quote, receiver_headers};
use super::http::Http;
use super::retry::{Failure, with_retries};
use crate::TelemetryArgs;

/// OTLP specification, "User Agent".
pub(super) const USER_AGENT: &str = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// How many bytes of an answer are read: it has a few, unless its sender is broken.
pub(super) const ANSWER_LIMIT: usize = 64 * 1024;

/// Sends batches to the receiver. The batch processor calls it from a thread of its own, outside
/// of the runtime: spans are encoded there, and sent by a task of the runtime.
#[derive(Debug)]
pub(super) struct Exporter {
    transport: Transport,
    headers: HeaderMap,
    resource: ResourceAttributesWithSchema,
    runtime: Handle,
    timeout: Duration,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
enum Transport {
    Http(Http),
    Grpc(Grpc),
}

/// What a receiver says of a batch that it has not refused as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// How many spans of the batch it rejected.
    pub(super) rejected: u64,
    /// Why, or what it warns of; empty when it took everything and warns of nothing.
    pub(super) message: String,
}

impl Exporter {
    /// An exporter to `endpoint`. Has to be called inside the runtime that is to send.
    pub(super) fn from_args(endpoint: &str, args: &TelemetryArgs) -> Result<Self, TraceError> {
        let invalid = |error: &dyn std::fmt::Display| {
            TraceError::Endpoint(format!("'{endpoint}' is not an address: {error}"))
        };
        let uri: Uri = endpoint.parse().map_err(|error| invalid(&error))?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(TraceError::Endpoint(format!(
                "'{endpoint}' does not begin with http://; for TLS, run a collector on this host \
                 and send to it"
            )));
        }
        let one = args
            .otel_exporter_otlp_timeout
            .get("OTEL_EXPORTER_OTLP_TIMEOUT");
        let batch = args.otel_bsp_export_timeout.get("OTEL_BSP_EXPORT_TIMEOUT");
        let timeout = Duration::from_millis(one.min(batch).max(1));
        let headers = receiver_headers(args)?;
        let transport = if is_grpc(args) {
            let grpc = Grpc::new(uri, headers.clone(), timeout);
            Transport::Grpc(grpc.map_err(|error| invalid(&error))?)
        } else {
            let signal = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
            let uri = signal.parse().map_err(|error| invalid(&error))?;
            Transport::Http(Http::new(uri, headers.clone()))
        };
        Ok(Self {
            transport,
            headers,
            resource: ResourceAttributesWithSchema::default(),
            runtime: Handle::current(),
            timeout,
        })
    }

    pub(super) fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }

    /// Sends a batch, again if need be, for at most the timeout in all.
    pub(super) async fn export(&self, batch: Vec<SpanData>) -> Result<Verdict, Failure> {
        let spans = batch.len() as u64;
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let answer = match self.transport {
            Transport::Http(ref http) => {
                let (http, body) = (http.clone(), Bytes::from(request.encode_to_vec()));
                let attempt = move || http.clone().export(body.clone());
                self.run(with_retries(attempt)).await?
            }
            Transport::Grpc(ref grpc) => {
                let grpc = grpc.clone();
                let attempt = move || grpc.clone().export(request.clone());
                self.run(with_retries(attempt)).await?
            }
        };
        let partial = answer.partial_success.unwrap_or_default();
        Ok(self.verdict(&partial, spans))
    }

    async fn run(
        &self,
        export: impl Future<Output = Result<ExportTraceServiceResponse, Failure>> + Send + 'static,
    ) -> Result<ExportTraceServiceResponse, Failure> {
        let timeout = self.timeout;
        let bounded = async move { tokio::time::timeout(timeout, export).await };
        match self.runtime.spawn(bounded).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Failure::permanent(format!("no answer within {timeout:?}"))),
            Err(ended) => Err(Failure::permanent(ended.to_string())),
        }
    }

    /// No receiver can reject more than it was sent, whatever it says.
    fn verdict(&self, partial: &ExportTracePartialSuccess, spans: u64) -> Verdict {
        Verdict {
            rejected: u64::try_from(partial.rejected_spans)
                .unwrap_or(0)
                .min(spans),
            message: quote(&partial.error_message, &self.headers),
        }
    }
}

/// For an unknown protocol a warning is logged and the default taken, as the specification asks.
fn is_grpc(args: &TelemetryArgs) -> bool {
    match args.otel_exporter_otlp_protocol.get() {
        None | Some("http/protobuf") => false,
        Some("grpc") => true,
        Some(protocol) => {
            tracing::warn!(
                protocol,
                "OTEL_EXPORTER_OTLP_PROTOCOL is neither http/protobuf nor grpc; http/protobuf is used"
            );
            false
        }
    }
}
