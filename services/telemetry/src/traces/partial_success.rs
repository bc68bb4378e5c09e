//! What a receiver rejects of a batch that it takes otherwise (OTLP specification, "Partial
//! Success").
//!
//! `opentelemetry-otlp` answers `Ok` to such a batch and reports what was rejected only by an
//! event of `tracing`, while the export is polled. A layer catches that event for the export.

use std::cell::Cell;
use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The target of the events, which have to be enabled at `WARN` for the layer to see them.
pub(crate) const TARGET: &str = "opentelemetry-otlp";

/// The names of the events, over HTTP and over gRPC.
const EVENTS: [&str; 2] = [
    "HttpTraceClient.PartialSuccess",
    "TonicTracesClient.PartialSuccess",
];

tokio::task_local! {
    /// What the export that is polled has reported so far.
    static REPORTED: Cell<PartialSuccess>;
}

/// What a receiver says of a batch that it has not refused as a whole. The default is that it
/// took every span and warns of nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartialSuccess {
    /// How many spans it rejected, as it says; it may say anything.
    pub(super) rejected_spans: i64,
    /// Why, or what it warns of.
    pub(super) error_message: String,
}

/// The result of an export, and what the receiver said of the batch.
pub(super) async fn observe<T>(export: impl Future<Output = T>) -> (T, PartialSuccess) {
    let observed = async {
        let result = export.await;
        (result, REPORTED.with(Cell::take))
    };
    REPORTED.scope(Cell::default(), observed).await
}

/// The layer that catches the events.
#[derive(Debug)]
pub(crate) struct PartialSuccessLayer;

impl<S: Subscriber> Layer<S> for PartialSuccessLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == TARGET && EVENTS.contains(&metadata.name()) {
            let mut partial_success = PartialSuccess::default();
            event.record(&mut partial_success);
            // Outside of an observed export nobody asks.
            let _ = REPORTED.try_with(|reported| reported.set(partial_success));
        }
    }
}

impl Visit for PartialSuccess {
    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "rejected_spans" {
            self.rejected_spans = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "error_message" {
            value.clone_into(&mut self.error_message);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn report(rejected_spans: i64) {
        tracing::warn!(
            name: "HttpTraceClient.PartialSuccess",
            target: TARGET,
            rejected_spans,
            error_message = "too old",
        );
    }

    #[tokio::test]
    async fn what_is_reported_within_an_export_is_of_that_export_and_nothing_else_is() {
        let subscriber = tracing_subscriber::registry().with(PartialSuccessLayer);
        let _guard = tracing::subscriber::set_default(subscriber);
        report(1);
        let ((), before) = observe(async {}).await;
        assert_eq!(before, PartialSuccess::default());
        let (result, reported) = observe(async {
            tracing::warn!(name: "Export.Failed", target: TARGET, rejected_spans = 9_i64);
            report(7);
            tokio::task::yield_now().await;
            tracing::warn!(name: "HttpTraceClient.PartialSuccess", rejected_spans = 9_i64);
            "done"
        })
        .await;
        assert_eq!(result, "done");
        assert_eq!(reported.rejected_spans, 7);
        assert_eq!(reported.error_message, "too old");
        let ((), after) = observe(async {}).await;
        assert_eq!(after, PartialSuccess::default());
    }
}
