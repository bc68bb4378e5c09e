//! The open connections: how many there may be, which one gives way, and when the last is gone.
//!
//! A connection is *busy* from the head of a request to the last byte of its answer. One that has
//! not been busy for [`GRACE`] may be asked to give way to a new one; in a drain every idle one is
//! asked. Whether it does is decided in its own task, after everything that has arrived on it has
//! been read. The first byte of a head counts as work, the others do not: a head has [`GRACE`] to
//! arrive in, however long its connection has been idle before, and one that comes byte by byte
//! keeps no place by that.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use socket2::SockRef;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a connection has to be idle before it may give way. The segments of a head travel
/// together, right behind the handshake, so what has begun to arrive is whole long before. When
/// idle connections take all places and fill the backlog, the backlog is four times as long as
/// there are places, and a new request waits for half a second.
const GRACE: Duration = Duration::from_millis(125);

/// How many connections may have been asked to give way and still be open, beyond the limit. A
/// flood is accepted without waiting for the task of each.
const OVERLAP: usize = 64;

/// The bit of [`Connection::work`] that says that the connection was asked to give way.
const ASKED: usize = 1 << (usize::BITS - 1);

/// All open connections of a server.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    idle_limit: usize,
    begun: Instant,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    /// How many of the open ones were asked to give way; their places count as free.
    asked: AtomicUsize,
    /// How many of the open ones are busy.
    busy: AtomicUsize,
    changed: Notify,
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    connections: Arc<Connections>,
    /// How often the connection is marked as busy, or [`ASKED`]; never both.
    work: AtomicUsize,
    /// Milliseconds from the start of the server to the last moment of work.
    last_work: AtomicU64,
    /// Whether the first byte of the next head has been read.
    head_begun: AtomicBool,
    /// Wakes the connection's task when it is asked to give way.
    pub(crate) asked: Notify,
}

/// Marks a connection as busy until it is dropped.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Connection>);

/// Holds a connection's place among the open ones until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// None: a place beside the limit.
    id: Option<u64>,
    pub(crate) connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn new(limit: usize, idle_limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            idle_limit,
            begun: Instant::now(),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            asked: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            changed: Notify::new(),
        })
    }

    /// A place for one more connection; waits while all are taken and none may give way. Dropped
    /// before its end, it has taken none.
    pub(crate) async fn place(self: &Arc<Self>) -> Place {
        loop {
            let open = self.count();
            let asked = self.asked.load(Ordering::Acquire);
            let taken = open.saturating_sub(asked);
            let idle = taken.saturating_sub(self.busy.load(Ordering::Acquire));
            let free = taken < self.limit && idle < self.idle_limit;
            if asked < OVERLAP && (free || self.ask_longest_idle()) {
                return self.take_place();
            }
            // Whichever comes first: one closes, or one becomes idle for long enough.
            let _ = tokio::time::timeout(GRACE / 4, self.changed.notified()).await;
        }
    }

    /// A place, whatever the limit says: for what the kernel had accepted before the drain.
    pub(crate) fn take_place(self: &Arc<Self>) -> Place {
        let connection = self.connection();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.open.lock().insert(id, Arc::clone(&connection));
        Place {
            id: Some(id),
            connection,
        }
    }

    /// A place that is not counted, never has to give way to a new connection, and that no drain waits for.
    pub(crate) fn place_beside(self: &Arc<Self>) -> Place {
        Place {
            id: None,
            connection: self.connection(),
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

    /// How many connections are open.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().len()
    }

    fn connection(self: &Arc<Self>) -> Arc<Connection> {
        Arc::new(Connection {
            connections: Arc::clone(self),
            work: AtomicUsize::new(0),
            last_work: AtomicU64::new(self.now()),
            head_begun: AtomicBool::new(false),
            asked: Notify::new(),
        })
    }

    /// Asks the connection that has been idle longest to give way, if there is one that may.
    fn ask_longest_idle(&self) -> bool {
        let Some(latest) = self.now().checked_sub(millis(GRACE)) else {
            return false;
        };
        let open = self.open.lock();
        let idle = open.values().filter_map(|connection| {
            let last_work = connection.last_work.load(Ordering::Acquire);
            let idle = connection.work.load(Ordering::Acquire) == 0 && last_work <= latest;
            idle.then_some((last_work, connection))
        });
        // One that has become busy in this moment is left alone; the caller tries again.
        idle.min_by_key(|(last_work, _)| *last_work)
            .is_some_and(|(_, connection)| connection.ask())
    }

    /// Milliseconds since the start of the server.
    fn now(&self) -> u64 {
        millis(self.begun.elapsed())
    }
}

impl Connection {
    /// Marks the connection as busy. If it was asked to give way, it stays.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        let add = |work: usize| Some((work & !ASKED) + 1);
        let before = self
            .work
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add)
            .unwrap_or_default();
        self.settle(before);
        self.head_begun.store(false, Ordering::Release);
        if before & !ASKED == 0 {
            self.connections.busy.fetch_add(1, Ordering::AcqRel);
        }
        Busy(Arc::clone(self))
    }

    /// Notes that bytes have been read. The first byte of a head is work.
    pub(crate) fn has_read(&self) {
        if self.is_idle() && !self.head_begun.swap(true, Ordering::AcqRel) {
            self.stays();
        }
    }

    /// Whether no request is under way; one may have begun to arrive.
    pub(crate) fn is_idle(&self) -> bool {
        self.work.load(Ordering::Acquire) & !ASKED == 0
    }

    /// Since when the connection has been idle, unless it is busy.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let last_work = Duration::from_millis(self.last_work.load(Ordering::Acquire));
        self.is_idle().then(|| self.connections.begun + last_work)
    }

    /// Whether the connection, from whose `socket` nothing more can be read, was asked to give way
    /// and does. To be called in its own task, which then closes it. One on which something has
    /// arrived after all stays.
    pub(crate) fn gives_way(&self, socket: impl AsFd) -> bool {
        if self.work.load(Ordering::Acquire) != ASKED {
            return false;
        }
        // The runtime learns late of what has arrived; the kernel knows at once.
        let unread = SockRef::from(&socket.as_fd()).peek(&mut [MaybeUninit::uninit()]);
        if matches!(unread, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            return true;
        }
        self.stays();
        false
    }

    /// Notes work at this moment, for which the connection stays if it was asked to give way.
    fn stays(&self) {
        self.last_work
            .store(self.connections.now(), Ordering::Release);
        self.settle(self.work.fetch_and(!ASKED, Ordering::AcqRel));
    }

    /// Asks the connection to give way, unless a request has begun to arrive or is under way.
    pub(crate) fn ask_between_requests(&self) {
        if !self.head_begun.load(Ordering::Acquire) {
            self.ask();
        }
    }

    /// Asks the connection to give way, unless it is busy or was asked already; whether it did.
    fn ask(&self) -> bool {
        let idle = self
            .work
            .compare_exchange(0, ASKED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if idle {
            self.connections.asked.fetch_add(1, Ordering::AcqRel);
            self.asked.notify_one();
        }
        idle
    }

    /// Takes the connection off the count of those that were asked, if `work` says that it was.
    fn settle(&self, work: usize) {
        if work & ASKED != 0 {
            self.connections.asked.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let connection = &self.0;
        let now = connection.connections.now();
        connection.last_work.store(now, Ordering::Release);
        if connection.work.fetch_sub(1, Ordering::AcqRel) == 1 {
            connection.connections.busy.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let connections = &self.connection.connections;
        let mut open = connections.open.lock();
        if let Some(id) = self.id {
            open.remove(&id);
        }
        // Under the lock, so that none is asked that is not open.
        self.connection
            .settle(self.connection.work.load(Ordering::Acquire));
        drop(open);
        connections.changed.notify_waiters();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;

    use super::*;

    /// A place that its task gives up as soon as it may.
    async fn soon_given(connections: &Arc<Connections>) -> Place {
        let place = tokio::time::timeout(2 * GRACE, connections.place()).await;
        place.expect("a place")
    }

    #[tokio::test(start_paused = true)]
    async fn the_busy_are_never_asked_and_a_free_place_is_given_at_once() {
        let connections = Connections::new(2, 2);
        let (first, second) = (connections.place().await, connections.place().await);
        let _busy = (first.connection.busy(), second.connection.busy());
        let refused = tokio::time::timeout(100 * GRACE, connections.place()).await;
        assert!(refused.is_err(), "{refused:?}");
        drop(second);
        let _third = connections.place().await;
        assert_eq!(connections.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_is_asked_and_gives_way() {
        let connections = Connections::new(2, 2);
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let first = connections.place().await;
        tokio::time::advance(GRACE).await;
        let second = connections.place().await;
        let third = soon_given(&connections).await;
        first.connection.asked.notified().await;
        assert!(first.connection.gives_way(&ours));
        assert!(!second.connection.gives_way(&ours));
        drop(first);
        assert_eq!(connections.count(), 2);
        drop((second, third));
        assert_eq!(connections.asked.load(Ordering::Acquire), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_asked_as_its_request_arrives_stays() {
        let connections = Connections::new(1, 1);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let first = connections.place().await;
        let second = soon_given(&connections).await;
        theirs.write_all(b"G").await.unwrap();
        assert!(!first.connection.gives_way(&ours), "a byte has arrived");
        assert!(!first.connection.gives_way(&ours), "it was asked once");
        drop(second);
        // The same with a head that has been read since.
        let second = soon_given(&connections).await;
        let busy = first.connection.busy();
        assert!(!first.connection.gives_way(&ours), "a request has begun");
        drop(busy);
        assert!(!first.connection.gives_way(&ours), "it was asked before");
        assert_eq!(connections.asked.load(Ordering::Acquire), 0);
        drop((first, second));
        assert_eq!(connections.busy.load(Ordering::Acquire), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_byte_of_a_head_is_work_and_the_next_ones_are_not() {
        let connections = Connections::new(1, 1);
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let first = connections.place().await;
        for request in 1..=2 {
            tokio::time::advance(8 * GRACE).await;
            first.connection.has_read();
            let refused = tokio::time::timeout(GRACE * 9 / 10, connections.place()).await;
            assert!(refused.is_err(), "request {request}: {refused:?}");
            drop(first.connection.busy());
        }
        tokio::time::advance(8 * GRACE).await;
        first.connection.has_read();
        tokio::time::advance(GRACE * 9 / 10).await;
        first.connection.has_read();
        let second = soon_given(&connections).await;
        assert!(first.connection.gives_way(&ours), "a slow head");
        drop((first, second));
        assert_eq!(connections.asked.load(Ordering::Acquire), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_idle_are_bounded_before_all_places_are_taken() {
        let connections = Connections::new(3, 1);
        let first = connections.place().await;
        let busy = first.connection.busy();
        let second = connections.place().await;
        let refused = tokio::time::timeout(GRACE / 2, connections.place()).await;
        assert!(refused.is_err(), "{refused:?}");
        let third = soon_given(&connections).await;
        second.connection.asked.notified().await;
        drop((busy, first, second, third));
        assert_eq!(connections.count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_beside_the_limit_is_there_in_a_full_house() {
        let connections = Connections::new(1, 1);
        let first = connections.place().await;
        let _busy = first.connection.busy();
        let beside = connections.place_beside();
        assert_eq!(connections.count(), 1);
        drop(beside);
        assert_eq!(connections.count(), 1);
    }
}
