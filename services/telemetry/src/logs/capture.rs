//! The layer that turns what `tracing` reports into events of the queue.

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::event::Event;
use super::queue::Queue;

/// Captures events on the thread on which they happen.
#[derive(Debug)]
pub(super) struct Capture(pub(super) Queue);

impl<S: Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        self.0.push(Event::capture(event));
    }
}
