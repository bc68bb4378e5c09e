//! Traces: the tracer, its sampler, the headers that carry a trace from service to service, and
//! the export of spans to the receiver.

mod admission;
mod attribute;
mod baggage;
mod delivery;
mod exporter;
mod headers;
mod partial_success;
mod processor;
mod resource;
mod sampler;
mod span;
mod trace_context;

use std::time::Duration;

use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{InstrumentationScope, global};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use prometheus::IntCounter;

use crate::TelemetryArgs;
use baggage::BaggageAsItCame;
use processor::BoundedBatch;
use trace_context::TraceContext;

pub use attribute::bounded;
pub use headers::receiver_headers;
pub use opentelemetry::trace::FutureExt;
pub(crate) use partial_success::{PartialSuccessLayer, TARGET as PARTIAL_SUCCESS_TARGET};
pub(crate) use resource::service_name;
pub use span::{add_exception, in_span, name_end_user};
pub use trace_context::{from_traceparent, traceparent};

/// The spans of a service and their export.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    dropped: IntCounter,
}

/// Why tracing could not start.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The address of the receiver.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Endpoint(String),
    /// The headers for the receiver. Their content may be secret and is not shown.
    #[error("{0}: write headers as key=value pairs separated by commas")]
    Headers(&'static str),
    /// The file of headers.
    #[error("the credential otlp-headers cannot be read: {0}")]
    Credential(std::io::Error),
    /// The exporter itself.
    #[error("the OTLP exporter cannot be built: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

impl Traces {
    pub(crate) fn start(
        name: &str,
        version: &'static str,
        args: &TelemetryArgs,
    ) -> Result<Self, TraceError> {
        global::set_text_map_propagator(TextMapCompositePropagator::new(vec![
            Box::new(TraceContext),
            Box::new(BaggageAsItCame),
        ]));
        let dropped = IntCounter::new(
            "telemetry_spans_dropped_total",
            "Spans that were lost: the queue was full, or the receiver rejected them or could not be reached.",
        )
        .expect("a valid name");
        let disabled = args
            .otel_sdk_disabled
            .get()
            .is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let mut provider = SdkTracerProvider::builder()
            .with_sampler(sampler::from_args(args, disabled))
            .with_resource(resource::from_args(name, version, args));
        if let Some(endpoint) = args.otel_exporter_otlp_endpoint.get().filter(|_| !disabled) {
            let headers = receiver_headers(args)?;
            let exporter = exporter::from_args(endpoint, headers.clone(), args)?;
            let batch = BoundedBatch::start(exporter, headers, args, dropped.clone());
            provider = provider.with_span_processor(batch);
        }
        let provider = provider.build();
        Ok(Self { provider, dropped })
    }

    /// A tracer whose spans bear the name and the version of the crate that makes them, as their
    /// instrumentation scope.
    pub fn tracer(&self, krate: &'static str, version: &'static str) -> SdkTracer {
        let scope = InstrumentationScope::builder(krate).with_version(version);
        self.provider.tracer_with_scope(scope.build())
    }

    /// How many spans were lost.
    pub(crate) fn dropped(&self) -> IntCounter {
        self.dropped.clone()
    }

    pub(crate) fn shutdown(&self, bound: Duration) {
        if let Err(error) = self.provider.shutdown_with_timeout(bound) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}
