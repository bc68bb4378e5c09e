//! The way of a finished span into a batch, with a bound that counts what it turns away.
//!
//! The SDK's own batch processor drops silently when its queue is full. Here a span is admitted
//! first: `pending` counts the spans between the end of the span and the end of its export, so
//! the inner queue never overflows and every loss is counted in one place.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};
use prometheus::IntCounter;

use crate::TelemetryArgs;

/// The bounded queue, shared by the end that admits and the end that exports.
#[derive(Debug)]
struct Admission {
    pending: AtomicUsize,
    capacity: usize,
    dropped: IntCounter,
    failing: AtomicBool,
}

/// A batch processor that counts what it drops.
#[derive(Debug)]
pub(super) struct BoundedBatch {
    admission: Arc<Admission>,
    inner: BatchSpanProcessor,
}

impl BoundedBatch {
    pub(super) fn start<E: SpanExporter + 'static>(
        exporter: E,
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
        let admission = Arc::new(Admission {
            pending: AtomicUsize::new(0),
            capacity,
            dropped,
            failing: AtomicBool::new(false),
        });
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(capacity)
            .with_max_export_batch_size(batch)
            .with_scheduled_delay(Duration::from_millis(delay))
            .build();
        let inner = BatchSpanProcessor::builder(CountedExporter {
            inner: exporter,
            admission: Arc::clone(&admission),
        })
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
        let admission = &self.admission;
        if admission.pending.fetch_add(1, Ordering::AcqRel) >= admission.capacity {
            admission.pending.fetch_sub(1, Ordering::AcqRel);
            admission.dropped.inc();
        } else {
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

/// An exporter that tells the admission what has left, and counts what was lost on the way.
struct CountedExporter<E> {
    inner: E,
    admission: Arc<Admission>,
}

impl<E> fmt::Debug for CountedExporter<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CountedExporter")
            .finish_non_exhaustive()
    }
}

impl<E: SpanExporter> SpanExporter for CountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.inner.export(batch).await;
        let admission = &self.admission;
        admission.pending.fetch_sub(spans, Ordering::AcqRel);
        // One line when it begins and one when it ends: a receiver that is away for an hour
        // must not fill the journal.
        match &result {
            Ok(()) => {
                if admission.failing.swap(false, Ordering::AcqRel) {
                    tracing::info!("spans can be sent again");
                }
            }
            Err(error) => {
                admission.dropped.inc_by(spans as u64);
                if !admission.failing.swap(true, Ordering::AcqRel) {
                    tracing::warn!(
                        spans,
                        %error,
                        "spans cannot be sent; they are dropped and counted until it works again"
                    );
                }
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
