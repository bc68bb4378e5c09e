//! The threads that read, each with a connection of its own, started when they are first needed.
//!
//! These are not the runtime's threads for blocking work. Host names are resolved on those, and a
//! name server that hangs would stop every read.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::connection::DatabaseFile;
use crate::spans::{Call, Spans};
use crate::{StoreError, job};

/// How many reads run at once: two for each core of a small machine, since a read that misses the
/// page cache waits for the disk.
const READERS: usize = 4;

/// What a thread does with its connection, which is opened by the first read.
type Read = dyn FnOnce(&mut Option<Connection>) + Send;

/// The threads and their queue.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    file: DatabaseFile,
    spans: Spans,
    queue: Arc<Opened>,
}

/// The queue as callers have it. When the last is gone, the threads end.
#[derive(Debug)]
struct Opened(Arc<Queue>);

/// The reads that wait. A thread that has ended one takes the next without being woken: to wake it costs
/// as much as a read.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// As many as there are requests at most, which the server bounds.
    reads: VecDeque<Box<Read>>,
    threads: usize,
    /// How many of them wait for a read.
    idle: usize,
    is_closed: bool,
}

impl Readers {
    pub(crate) fn new(file: DatabaseFile, spans: Spans) -> Self {
        let queue = Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self {
            file,
            spans,
            queue: Arc::new(Opened(Arc::new(queue))),
        }
    }

    pub(crate) async fn run<T, F>(&self, call: Option<Call>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let (file, spans) = (self.file.clone(), self.spans.clone());
        let read = move |connection: &mut Option<Connection>| {
            // Its caller has gone away while it waited.
            if answer.is_closed() {
                return;
            }
            let result = read(&file, connection, work);
            let answered = call.map(|call| call.end(&result));
            let _ = answer.send(result);
            if let Some(answered) = answered {
                spans.read(&answered);
            }
        };
        Queue::push(&self.queue.0, Box::new(read))?;
        wait.await.map_err(|_| StoreError::Stopped)?
    }

    /// How many reads wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.queue.0.state.lock().reads.len()
    }
}

impl Queue {
    /// Adds a read, for an idle thread or for a new one if there are too few.
    fn push(queue: &Arc<Self>, read: Box<Read>) -> Result<(), StoreError> {
        let mut state = queue.state.lock();
        if state.reads.len() >= state.idle && state.threads < READERS {
            let served = Arc::clone(queue);
            thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || served.serve())
                .map_err(|_| StoreError::Stopped)?;
            state.threads += 1;
        }
        state.reads.push_back(read);
        drop(state);
        queue.changed.notify_one();
        Ok(())
    }

    /// Reads until the queue is closed.
    fn serve(&self) {
        let _serving = Serving(self);
        let mut connection = None;
        while let Some(read) = self.take() {
            read(&mut connection);
        }
    }

    /// Waits for the next read. None once the queue is closed.
    fn take(&self) -> Option<Box<Read>> {
        let mut state = self.state.lock();
        loop {
            if let Some(read) = state.reads.pop_front() {
                return Some(read);
            }
            if state.is_closed {
                return None;
            }
            state.idle += 1;
            self.changed.wait(&mut state);
            state.idle -= 1;
        }
    }
}

/// A thread that serves a queue. When it ends, by a panic as well, another may be started.
struct Serving<'a>(&'a Queue);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.state.lock().threads -= 1;
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.state.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Queue")
    }
}

fn read<T>(
    file: &DatabaseFile,
    known: &mut Option<Connection>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let connection = known.take().map_or_else(|| file.open_reader(), Ok)?;
    let result = job::run(work, &connection);
    // A connection that met a broken disk or a panic is not used again.
    if matches!(result, Ok(_) | Err(StoreError::Statement(_))) {
        *known = Some(connection);
    }
    result
}
