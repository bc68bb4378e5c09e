//! A batch processor that counts the spans it drops.
//!
//! The SDK's own drops them silently when its queue is full. Here a span is admitted first:
//! `pending` counts the spans that have ended and are not yet exported, so the inner queue never
//! overflows, and every loss is counted in one place.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};
use prometheus::IntCounter;

use super::admission::Admission;
use super::delivery::CountedExporter;
use crate::TelemetryArgs;

/// A batch processor that counts what it drops.
#[derive(Debug)]
pub(super) struct BoundedBatch {
    admission: Arc<Admission>,
    inner: BatchSpanProcessor,
}

impl BoundedBatch {
    /// A batch processor in front of `exporter`, which sends these headers.
    pub(super) fn start<E: SpanExporter + 'static>(
        exporter: E,
        headers: HeaderMap,
        args: &TelemetryArgs,
        dropped: IntCounter,
    ) -> Self {
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        let queue = size(args.otel_bsp_max_queue_size.get("OTEL_BSP_MAX_QUEUE_SIZE"));
        let batch = &args.otel_bsp_max_export_batch_size;
        let batch = size(batch.get("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")).min(queue);
        let delay = args.otel_bsp_schedule_delay.get("OTEL_BSP_SCHEDULE_DELAY");
        // A batch that is under way has left the queue, but not yet the memory.
        let capacity = queue.saturating_add(batch);
        let admission = Arc::new(Admission::new(capacity, dropped));
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(capacity)
            .with_max_export_batch_size(batch)
            .with_scheduled_delay(Duration::from_millis(delay))
            .build();
        let exporter = CountedExporter::new(exporter, headers, Arc::clone(&admission));
        let inner = BatchSpanProcessor::builder(exporter)
            .with_batch_config(config)
            .build();
        Self { admission, inner }
    }
}

impl SpanProcessor for BoundedBatch {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.admission.admits_one() {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
