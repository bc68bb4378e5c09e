//! The circuit breaker: a peer that is gone is not asked for a moment.
//!
//! *Closed*: requests pass, and failures in a row are counted. At [`FAILURES`] it *opens*: for
//! [`OPEN`] every request fails at once, which spares the caller a timeout and the peer a crowd
//! at its start. Then one request passes as a probe, and its outcome closes the circuit or opens
//! it again. A failure is a connection or an answer that did not come; a status is an answer.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One may be chance and two a restart; five in a row with nothing between them is a peer that
/// is gone.
const FAILURES: u32 = 5;

/// Short against what a person waits, long against what a refused connection costs.
const OPEN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Circuit {
    peer: &'static str,
    begun: Instant,
    failures: AtomicU32,
    /// Milliseconds from `begun` until which it is open.
    open_until: AtomicU64,
}

impl Circuit {
    pub(crate) fn new(peer: &'static str) -> Self {
        Self {
            peer,
            begun: Instant::now(),
            failures: AtomicU32::new(0),
            open_until: AtomicU64::new(0),
        }
    }

    /// Whether a request may pass.
    pub(crate) fn admits(&self) -> bool {
        if self.failures.load(Ordering::Acquire) < FAILURES {
            return true;
        }
        // Open. Whoever moves the end forward is the probe.
        let (now, until) = (self.now(), self.open_until.load(Ordering::Acquire));
        now >= until
            && self
                .open_until
                .compare_exchange(
                    until,
                    now + millis(OPEN),
                    Ordering::AcqRel,
                    Ordering::Acquire,
                )
                .is_ok()
    }

    pub(crate) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0
            && self.failures.swap(0, Ordering::AcqRel) >= FAILURES
        {
            tracing::info!(
                peer = self.peer,
                "{} answers again: the circuit is closed",
                self.peer
            );
        }
    }

    pub(crate) fn failed(&self) {
        let failures = self
            .failures
            .fetch_add(1, Ordering::AcqRel)
            .saturating_add(1);
        if failures == FAILURES {
            self.open_until
                .store(self.now() + millis(OPEN), Ordering::Release);
            tracing::warn!(
                peer = self.peer,
                failures,
                "{} failed {failures} times in a row: the circuit is open",
                self.peer
            );
        }
    }

    fn now(&self) -> u64 {
        millis(self.begun.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it_and_one_probe_closes_it() {
        let circuit = Circuit::new("peer");
        for _ in 1..FAILURES {
            circuit.failed();
        }
        assert!(circuit.admits());
        circuit.succeeded();
        for _ in 0..FAILURES {
            assert!(
                circuit.admits(),
                "a success in between starts the count again"
            );
            circuit.failed();
        }
        assert!(!circuit.admits());
        circuit.open_until.store(0, Ordering::Release);
        assert!(circuit.admits(), "the probe");
        assert!(!circuit.admits(), "only one probe");
        circuit.succeeded();
        assert!(circuit.admits());
    }
}
