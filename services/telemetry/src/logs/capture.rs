//! The layer that turns what `tracing` reports into events of the queue.

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::event::Event;
use super::queue::Queue;

/// How the targets of the OpenTelemetry libraries begin. Their events are not logged, whatever the
/// filter says: they repeat themselves with every batch, quote what receivers answer, and may
/// happen inside of the context that [`Event::capture`] reads. What matters of them is counted and
/// logged by [`crate::traces`].
const OPENTELEMETRY: &str = "opentelemetry";

/// Captures events on the thread on which they happen.
#[derive(Debug)]
pub(super) struct Capture(pub(super) Queue);

impl<S: Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        if !event.metadata().target().starts_with(OPENTELEMETRY) {
            self.0.push(Event::capture(event));
        }
    }
}
