//! The delivery of spans: lost ones are counted, and each change for the worse or the better is
//! logged once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::exporter::{Exporter, Verdict};
use super::processor::Admission;
use super::retry::Failure;

/// An exporter that frees the place of each span in the queue and counts the lost ones.
#[derive(Debug)]
pub(super) struct CountedExporter {
    exporter: Exporter,
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

impl CountedExporter {
    pub(super) fn new(exporter: Exporter, admission: Arc<Admission>) -> Self {
        Self {
            exporter,
            admission,
            delivery: AtomicU8::new(Delivery::Accepted as u8),
        }
    }

    fn took(&self, verdict: &Verdict) {
        let Verdict { rejected, message } = verdict;
        self.admission.count_lost(*rejected);
        let delivery = match (*rejected, message.is_empty()) {
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

    fn failed(&self, spans: u64, failure: &Failure) {
        self.admission.count_lost(spans);
        if self.becomes(Delivery::Failed) {
            tracing::warn!(
                spans,
                error = %failure,
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

impl SpanExporter for CountedExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        self.admission.release(spans);
        match result {
            Ok(verdict) => {
                self.took(&verdict);
                Ok(())
            }
            Err(failure) => {
                self.failed(spans as u64, &failure);
                Err(OTelSdkError::InternalFailure(failure.to_string()))
            }
        }
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
