//! The open connections: how many there may be, which one gives way, and when the last is gone.
//!
//! A connection is *busy* from the head of a request to the end of its answer. Only one that is
//! not, and has not been for [`GRACE`], may be closed to make room: a request whose first bytes
//! are still under way is never cut.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How long a connection has to be idle before it may give way: long enough for the rest of a
/// request whose first bytes have come, short enough that a new request waits for less than a
/// second when idle connections take all places and fill the backlog.
const GRACE: Duration = Duration::from_millis(500);

/// All open connections of a server.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    begun: Instant,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    changed: Notify,
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    begun: Instant,
    busy: AtomicUsize,
    /// Milliseconds from `begun` to the last moment of work.
    last_work: AtomicU64,
    /// Tells the connection's task to close it.
    pub(crate) evicted: Notify,
}

/// Marks a connection as busy until it is dropped.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Connection>);

/// Holds a connection's place among the open ones until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    id: u64,
    pub(crate) connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            begun: Instant::now(),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            changed: Notify::new(),
        })
    }

    /// A place for one more connection; waits while all are taken and none may give way.
    pub(crate) async fn place(self: &Arc<Self>) -> Place {
        while self.count() >= self.limit && !self.evict_longest_idle() {
            // Whichever comes first: one closes, or one becomes idle for long enough.
            let _ = tokio::time::timeout(GRACE / 4, self.changed.notified()).await;
        }
        self.take_place()
    }

    /// A place, whatever the limit says: for what the kernel had accepted before the drain.
    pub(crate) fn take_place(self: &Arc<Self>) -> Place {
        let connection = Arc::new(Connection {
            begun: self.begun,
            busy: AtomicUsize::new(0),
            last_work: AtomicU64::new(millis(self.begun.elapsed())),
            evicted: Notify::new(),
        });
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, Arc::clone(&connection));
        Place {
            connections: Arc::clone(self),
            id,
            connection,
        }
    }

    /// Waits until no connection is open.
    pub(crate) async fn all_closed(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count() == 0 {
                return;
            }
            changed.await;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn evict_longest_idle(&self) -> bool {
        let long_ago = millis(self.begun.elapsed().saturating_sub(GRACE));
        let longest_idle = {
            let open = self.lock();
            let idle = open.iter().filter(|(_, connection)| {
                connection.busy.load(Ordering::Acquire) == 0
                    && connection.last_work.load(Ordering::Acquire) <= long_ago
            });
            idle.min_by_key(|(_, connection)| connection.last_work.load(Ordering::Acquire))
                .map(|(id, _)| *id)
        };
        // Its place is free at once; its task closes the socket as soon as it runs.
        let evicted = longest_idle.and_then(|id| self.lock().remove(&id));
        if let Some(connection) = &evicted {
            connection.evicted.notify_one();
        }
        evicted.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Marks the connection as busy.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(self))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0
            .last_work
            .store(millis(self.0.begun.elapsed()), Ordering::Release);
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.id);
        self.connections.changed.notify_waiters();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_busy_are_never_evicted_and_a_free_place_is_given_at_once() {
        let connections = Connections::new(2);
        let first = connections.place().await;
        let second = connections.place().await;
        let _busy = (first.connection.busy(), second.connection.busy());
        for place in [&first, &second] {
            place.connection.last_work.store(0, Ordering::Release);
        }
        assert!(!connections.evict_longest_idle());
        drop(second);
        let _third = connections.place().await;
        assert_eq!(connections.count(), 2);
    }
}
