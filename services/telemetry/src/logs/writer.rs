//! The thread that writes events, and the queue in front of it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use prometheus::IntCounter;

use super::LogError;
use super::capture::Capture;
use super::event::Event;
use super::format::Sink;

/// How many events may wait: at about half a kilobyte each some 4 MiB, and more than a second of
/// the busiest service while the journal rotates its files.
const QUEUE_EVENTS: usize = 8192;

/// How many events are written in one go before what was taken leaves.
const BATCH_EVENTS: usize = 256;

/// How long events gather once the first has come. To wake the writer costs its caller as much as
/// to write costs the writer, so under load it is woken for many at once; and nobody who reads
/// logs sees a millisecond.
const GATHER: Duration = Duration::from_millis(1);

/// What goes through the queue.
#[derive(Debug)]
pub(super) enum Message {
    /// An event.
    Event(Event),
    /// Everything before this has to leave; then the sender is told.
    Flush(SyncSender<()>),
}

/// The far end's handle.
#[derive(Debug)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
    dropped: IntCounter,
}

impl Writer {
    pub(super) fn start(sink: Box<dyn Sink>) -> Result<Self, LogError> {
        let (queue, messages) = sync_channel(QUEUE_EVENTS);
        let dropped = IntCounter::new(
            "telemetry_logs_dropped_total",
            "Log events that could not be written: the queue was full, or the output failed.",
        )
        .expect("a valid name");
        let lost = dropped.clone();
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || write(&messages, sink, &lost))
            .map_err(LogError::Thread)?;
        Ok(Self { queue, dropped })
    }

    pub(super) fn capture(&self) -> Capture {
        Capture {
            queue: self.queue.clone(),
            dropped: self.dropped.clone(),
        }
    }

    pub(super) fn dropped(&self) -> IntCounter {
        self.dropped.clone()
    }

    /// Waits until all earlier events have left, for at most `bound`.
    pub(super) fn flush(&self, bound: Duration) {
        let (done, wait) = sync_channel(1);
        // A full queue in front of a stuck output: the events in it are lost with the process.
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(bound);
        }
    }
}

fn write(messages: &Receiver<Message>, mut sink: Box<dyn Sink>, dropped: &IntCounter) {
    while let Ok(first) = messages.recv() {
        thread::sleep(GATHER);
        let mut flushed = Vec::new();
        for message in std::iter::once(first).chain(messages.try_iter().take(BATCH_EVENTS)) {
            match message {
                Message::Event(event) => sink.put(&event),
                Message::Flush(done) => flushed.push(done),
            }
        }
        dropped.inc_by(sink.finish());
        for done in flushed {
            let _ = done.send(());
        }
    }
}
