//! The connections to a peer that are kept from one request to the next.
//!
//! Each thread has its own: a connection is served by the runtime in which it was made, and to use it
//! from another would wake a thread for each request. The one that was used last is used first, so
//! that those that a burst has left behind grow old and are closed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use thread_local::ThreadLocal;
use tokio::time::Instant;

use crate::connection::{Connection, Stream};

/// Half of what our servers keep an idle connection, so that none is reused as it closes.
const IDLE_TIME: Duration = Duration::from_secs(5);

/// A connection serves for as long. Our servers end one after an hour, which is for them to enforce and
/// for us not to run into in the middle of a request.
const MAX_AGE: Duration = Duration::from_mins(55);

/// How many idle connections to a peer are kept, by all threads together. Those of a burst are closed
/// by us, after an answer, rather than by a server that has too many: it might do so just as the next
/// request is sent.
const MAX_IDLE: usize = 256;

/// The idle connections to a peer. Clones share them.
#[derive(Debug)]
pub(crate) struct Pool<S: Stream>(Arc<Shared<S>>);

#[derive(Debug)]
struct Shared<S: Stream> {
    /// How many there are.
    idle: AtomicUsize,
    threads: ThreadLocal<Mutex<Shelf<S>>>,
}

/// The idle connections of a thread.
#[derive(Debug)]
struct Shelf<S: Stream> {
    /// From the one that has been idle longest to the latest.
    idle: Vec<Idle<S>>,
    /// Whether a task looks after them, which there is only while there are any.
    is_swept: bool,
}

#[derive(Debug)]
struct Idle<S: Stream> {
    connection: Box<Connection<S>>,
    since: Instant,
}

impl<S: Stream> Clone for Pool<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Stream> Default for Shelf<S> {
    fn default() -> Self {
        Self {
            idle: Vec::new(),
            is_swept: false,
        }
    }
}

impl<S: Stream> Pool<S> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            idle: AtomicUsize::new(0),
            threads: ThreadLocal::new(),
        }))
    }

    /// The connection that has been idle for the shortest time, unless that is too long, and how long
    /// that is.
    pub(crate) fn take(&self) -> Option<(Box<Connection<S>>, Duration)> {
        let Idle { connection, since } = self.0.threads.get()?.lock().idle.pop()?;
        self.0.idle.fetch_sub(1, Ordering::Relaxed);
        let idle_time = since.elapsed();
        let fresh = idle_time < IDLE_TIME && connection.age() < MAX_AGE;
        fresh.then_some((connection, idle_time))
    }

    /// Closes those of this thread.
    pub(crate) fn close(&self) {
        let Some(kept) = self.0.threads.get() else {
            return;
        };
        let closed = std::mem::take(&mut kept.lock().idle);
        self.0.idle.fetch_sub(closed.len(), Ordering::Relaxed);
    }

    /// Keeps a connection for the next request, unless there are enough.
    pub(crate) fn put(&self, connection: Box<Connection<S>>) {
        if self.0.idle.fetch_add(1, Ordering::Relaxed) >= MAX_IDLE {
            self.0.idle.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let since = Instant::now();
        let mut kept = self.0.threads.get_or_default().lock();
        kept.idle.push(Idle { connection, since });
        if !kept.is_swept {
            kept.is_swept = true;
            tokio::spawn(sweep(Arc::downgrade(&self.0)));
        }
    }
}

/// Closes the connections of this thread that have been idle for too long, until none is left.
async fn sweep<S: Stream>(pool: Weak<Shared<S>>) {
    loop {
        tokio::time::sleep(IDLE_TIME / 4).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let mut shelf = pool.threads.get_or_default().lock();
        let now = Instant::now();
        let old = shelf
            .idle
            .partition_point(|idle| now - idle.since >= IDLE_TIME);
        pool.idle.fetch_sub(old, Ordering::Relaxed);
        let closed: Vec<_> = shelf.idle.drain(..old).collect();
        shelf.is_swept = !shelf.idle.is_empty();
        let done = shelf.idle.is_empty();
        drop(shelf);
        drop(closed);
        if done {
            return;
        }
    }
}
