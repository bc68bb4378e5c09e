//! The layer that turns what `tracing` reports into events of the queue.

use std::sync::mpsc::{SyncSender, TrySendError};

use prometheus::IntCounter;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::event::Event;
use super::writer::Message;

/// The near end of the queue.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) queue: SyncSender<Message>,
    pub(super) dropped: IntCounter,
}

impl<S: Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        match self.queue.try_send(Message::Event(Event::capture(event))) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.dropped.inc(),
        }
    }
}
