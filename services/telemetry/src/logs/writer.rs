//! The thread that writes events.

use std::io;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use prometheus::IntCounter;

use super::queue::Message;
use super::sink::Sink;

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
