//! The bounded queue between the threads on which events happen and the one that writes them.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use prometheus::IntCounter;

use super::event::Event;

/// How many events may wait: at about half a kilobyte each some 4 MiB, and more than a second of
/// the busiest service while the journal rotates its files.
const QUEUE_EVENTS: usize = 8192;

/// What goes through the queue.
#[derive(Debug)]
pub(super) enum Message {
    /// An event.
    Event(Event),
    /// To be answered once everything before it has been written.
    Flush(SyncSender<()>),
}

/// The sending side of the queue. Never blocks.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    dropped: IntCounter,
}

impl Queue {
    /// A queue and its receiving side.
    pub(super) fn new() -> (Self, Receiver<Message>) {
        let (sender, receiver) = sync_channel(QUEUE_EVENTS);
        let dropped = IntCounter::new(
            "telemetry_logs_dropped_total",
            "Log events that were lost: the queue was full, or the output failed.",
        )
        .expect("a valid name");
        (Self { sender, dropped }, receiver)
    }

    /// Adds an event, or drops it when the queue is full, and counts that.
    pub(super) fn push(&self, event: Event) {
        if self.sender.try_send(Message::Event(event)).is_err() {
            self.dropped.inc();
        }
    }

    /// Waits until all earlier events have been written, for at most `bound`.
    pub(super) fn flush(&self, bound: Duration) {
        let (done, wait) = sync_channel(1);
        // A full queue in front of a stuck output: the events in it are lost with the process.
        if self.sender.try_send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(bound);
        }
    }

    /// How many events were lost.
    pub(super) fn dropped(&self) -> IntCounter {
        self.dropped.clone()
    }
}
