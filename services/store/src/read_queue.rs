//! The reads that wait, and how threads take them.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use crate::StoreError;

/// How many reads run at once: two for each core of a small machine, since a read that misses the
/// page cache waits for the disk.
const READERS: usize = 4;

/// What a thread does with its connection, which is opened by the first read.
type Read = dyn FnOnce(&mut Option<Connection>) + Send;

/// The queue. A thread that has ended a read takes the next without being woken: to wake it costs
/// as much as a read.
#[derive(Default)]
pub(crate) struct ReadQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By their numbers, which rise. A caller that goes away takes its read along, so there are as many as
    /// there are requests at most, which the server bounds.
    reads: VecDeque<(u64, Box<Read>)>,
    /// How many there were.
    count: u64,
    threads: usize,
    /// How many of them wait for a read.
    idle: usize,
    is_closed: bool,
}

impl ReadQueue {
    /// Adds a read, for an idle thread or for a new one if there are too few.
    pub(crate) fn push(queue: &Arc<Self>, read: Box<Read>) -> Result<Place<'_>, StoreError> {
        let mut state = queue.state.lock();
        if state.reads.len() >= state.idle && state.threads < READERS {
            let served = Arc::clone(queue);
            thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || served.serve())
                .map_err(|_| StoreError::Stopped)?;
            state.threads += 1;
        }
        let number = state.count;
        state.count += 1;
        state.reads.push_back((number, read));
        drop(state);
        queue.changed.notify_one();
        Ok(Place {
            queue,
            number: Some(number),
        })
    }

    /// Lets the threads end once nothing waits.
    pub(crate) fn close(&self) {
        self.state.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// How many reads wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().reads.len()
    }

    /// Reads until the queue is closed.
    fn serve(&self) {
        let mut connection = None;
        while let Some(read) = self.take() {
            // The caller's own code is caught by `job`; a panic around it must not end the thread.
            let _ = catch_unwind(AssertUnwindSafe(|| read(&mut connection)));
        }
    }

    /// Waits for the next read. None once the queue is closed and empty.
    fn take(&self) -> Option<Box<Read>> {
        let mut state = self.state.lock();
        loop {
            if let Some((_, read)) = state.reads.pop_front() {
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

/// The place of a read in the queue. Dropped before there is an answer, it takes the read along.
pub(crate) struct Place<'a> {
    queue: &'a ReadQueue,
    number: Option<u64>,
}

impl Place<'_> {
    /// Nothing waits any more.
    pub(crate) fn answered(mut self) {
        self.number = None;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else {
            return;
        };
        let mut state = self.queue.state.lock();
        let found = state.reads.binary_search_by_key(&number, |read| read.0);
        let read = found.ok().and_then(|index| state.reads.remove(index));
        // What it holds is dropped outside the lock.
        drop(state);
        drop(read);
    }
}

impl fmt::Debug for ReadQueue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReadQueue")
    }
}
