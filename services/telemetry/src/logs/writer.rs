//! The thread that writes events.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use prometheus::IntCounter;
use tokio::time::Instant;

use super::queue::Message;
use super::sink::Sink;
use super::storm::Storms;

/// How many events are written in one go.
const BATCH_EVENTS: usize = 256;

/// How long events gather once the first has come. To wake the writer costs its caller as much as
/// to write costs the writer, so under load it is woken for many at once; and nobody who reads
/// logs sees a millisecond.
const GATHER: Duration = Duration::from_millis(1);

/// Starts the thread. It ends when the last sender of `messages` is gone.
pub(super) fn start(
    messages: Receiver<Message>,
    sink: Box<dyn Sink>,
    dropped: IntCounter,
) -> io::Result<()> {
    thread::Builder::new()
        .name("log-writer".to_owned())
        .spawn(move || write(&messages, sink, &dropped))?;
    Ok(())
}

fn write(messages: &Receiver<Message>, mut sink: Box<dyn Sink>, dropped: &IntCounter) {
    let mut storms = Storms::default();
    loop {
        let first = match wait(messages, storms.next_end()) {
            Ok(message) => {
                thread::sleep(GATHER);
                Some(message)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let now = Instant::now();
        storms.ended(now).for_each(|event| sink.put(&event));
        let mut flushed = Vec::new();
        for message in first
            .into_iter()
            .chain(messages.try_iter().take(BATCH_EVENTS))
        {
            match message {
                Message::Event(event) => {
                    if let Some(event) = storms.admit(event, now) {
                        sink.put(&event);
                    }
                }
                Message::Flush(done) => {
                    storms.all().for_each(|event| sink.put(&event));
                    flushed.push(done);
                }
            }
        }
        dropped.inc_by(sink.finish());
        for done in flushed {
            let _ = done.send(());
        }
    }
    storms.all().for_each(|event| sink.put(&event));
    dropped.inc_by(sink.finish());
}

/// Waits for the next message, or until `end`.
fn wait(messages: &Receiver<Message>, end: Option<Instant>) -> Result<Message, RecvTimeoutError> {
    match end {
        Some(end) => messages.recv_timeout(end.saturating_duration_since(Instant::now())),
        None => messages.recv().map_err(RecvTimeoutError::from),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::capture::Capture;
    use super::super::event::Event;
    use super::super::queue::Queue;
    use super::*;

    /// The bound of what takes a moment.
    const BOUND: Duration = Duration::from_secs(20);

    /// Keeps of each event what it says and for how many it stands.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<(String, u64)>>>);

    impl Sink for Kept {
        fn put(&mut self, event: &Event) {
            let line = (event.message().to_owned(), event.repeated.unwrap_or(1));
            self.0.lock().push(line);
        }

        fn finish(&mut self) -> u64 {
            0
        }
    }

    impl Kept {
        /// How many lines begin with this message, and for how many events they stand.
        fn told(&self, message: &str) -> (usize, u64) {
            let lines = self.0.lock();
            let counts = lines.iter().filter(|line| line.0.starts_with(message));
            (counts.clone().count(), counts.map(|line| line.1).sum())
        }
    }

    fn logging(log: impl FnOnce(&Queue, &Kept)) {
        let (queue, messages) = Queue::new();
        let kept = Kept::default();
        start(messages, Box::new(kept.clone()), queue.dropped()).unwrap();
        let subscriber = tracing_subscriber::registry().with(Capture(queue.clone()));
        tracing::subscriber::with_default(subscriber, || log(&queue, &kept));
        assert_eq!(queue.dropped().get(), 0);
    }

    #[test]
    fn a_flush_tells_the_exact_count_of_a_storm_that_still_goes_on() {
        logging(|queue, kept| {
            for _ in 0..5000 {
                tracing::error!("the disk is full");
            }
            tracing::info!("going on");
            queue.flush(BOUND);
            let (lines, events) = kept.told("the disk is full");
            assert_eq!(events, 5000);
            // One interval, or as many as a loaded machine takes for them.
            assert!(lines < 500, "{lines} lines");
            assert_eq!(kept.told("going on"), (1, 1));
        });
    }

    #[test]
    fn a_storm_is_told_at_the_end_of_its_interval_though_nothing_else_is_logged() {
        logging(|_queue, kept| {
            for _ in 0..500 {
                tracing::warn!("the peer refuses");
            }
            let end = Instant::now() + BOUND;
            while kept.told("the peer refuses").1 < 500 {
                assert!(Instant::now() < end, "{:?}", kept.told("the peer refuses"));
                thread::sleep(Duration::from_millis(10));
            }
            assert!(kept.told("the peer refuses").0 < 500);
        });
    }

    #[test]
    fn infos_are_all_written() {
        logging(|queue, kept| {
            for _ in 0..5000 {
                tracing::info!("GET / answered 200");
            }
            queue.flush(BOUND);
            assert_eq!(kept.told("GET / answered 200"), (5000, 5000));
        });
    }
}
