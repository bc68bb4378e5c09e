//! The room for spans that have ended and are not yet exported, and the count of the lost ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus::IntCounter;

/// The bound of the queue, shared by the side that admits spans and the side that exports them.
#[derive(Debug)]
pub(super) struct Admission {
    pending: AtomicUsize,
    capacity: usize,
    dropped: IntCounter,
}

impl Admission {
    /// A queue with room for `capacity` spans, which counts the lost ones in `dropped`.
    pub(super) fn new(capacity: usize, dropped: IntCounter) -> Self {
        Self {
            pending: AtomicUsize::new(0),
            capacity,
            dropped,
        }
    }

    /// Takes room for one span; without room the span is counted as lost.
    pub(super) fn admits_one(&self) -> bool {
        let full = self.pending.fetch_add(1, Ordering::AcqRel) >= self.capacity;
        if full {
            self.release(1);
            self.count_lost(1);
        }
        !full
    }

    /// Makes room: this many spans have been exported or lost.
    pub(super) fn release(&self, spans: usize) {
        self.pending.fetch_sub(spans, Ordering::AcqRel);
    }

    /// Counts spans that no receiver will have.
    pub(super) fn count_lost(&self, spans: u64) {
        self.dropped.inc_by(spans);
    }
}
