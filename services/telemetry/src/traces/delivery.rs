//! The delivery of spans: lost ones are counted, and each change for the worse or the better is
//! logged once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http::HeaderMap;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::admission::Admission;
use super::headers::quote;
use super::partial_success::{PartialSuccess, observe};

/// An exporter that frees the place of each span in the queue and counts the lost ones.
#[derive(Debug)]
pub(super) struct CountedExporter<E> {
    exporter: E,
    headers: HeaderMap,
    admission: Arc<Admission>,
    delivery: AtomicU8,
}

/// What became of the last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Delivery {
    /// The receiver took every span.
    Accepted,
    /// The receiver took every span and warned of something.
    Warned,
    /// The receiver rejected some of the spans.
    Rejected,
    /// The batch is lost.
    Failed,
}

impl<E> CountedExporter<E> {
    /// An exporter around `exporter`, which sends `headers`: they are redacted in what is logged.
    pub(super) fn new(exporter: E, headers: HeaderMap, admission: Arc<Admission>) -> Self {
        Self {
            exporter,
            headers,
            admission,
            delivery: AtomicU8::new(Delivery::Accepted as u8),
        }
    }

    fn took(&self, spans: u64, partial_success: &PartialSuccess) {
        // No receiver can reject more than it was sent, whatever it says.
        let rejected = u64::try_from(partial_success.rejected_spans)
            .unwrap_or(0)
            .min(spans);
        self.admission.count_lost(rejected);
        let message = quote(&partial_success.error_message, &self.headers);
        let delivery = match (rejected, message.is_empty()) {
            (0, true) => Delivery::Accepted,
            (0, false) => Delivery::Warned,
            _ => Delivery::Rejected,
        };
        if !self.becomes(delivery) {
            return;
        }
        match delivery {
            Delivery::Rejected => tracing::warn!(
                rejected,
                receiver_message = message,
                "the receiver rejects spans; they are counted as dropped until it takes all again"
            ),
            Delivery::Warned => tracing::warn!(
                receiver_message = message,
                "the receiver takes the spans, but warns of something"
            ),
            Delivery::Accepted | Delivery::Failed => tracing::info!("spans can be sent again"),
        }
    }

    fn failed(&self, spans: u64, error: &OTelSdkError) {
        self.admission.count_lost(spans);
        if self.becomes(Delivery::Failed) {
            tracing::warn!(
                spans,
                %error,
                "spans cannot be sent; they are dropped and counted until it works again"
            );
        }
    }

    /// Whether this is another state than before. Only that is logged: a receiver that is away
    /// for an hour must not fill the journal.
    fn becomes(&self, delivery: Delivery) -> bool {
        self.delivery.swap(delivery as u8, Ordering::AcqRel) != delivery as u8
    }
}

impl<E: SpanExporter> SpanExporter for CountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let (result, partial_success) = observe(self.exporter.export(batch)).await;
        self.admission.release(spans);
        match &result {
            Ok(()) => self.took(spans as u64, &partial_success),
            Err(error) => self.failed(spans as u64, error),
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
