//! The metrics of a store.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntGauge};
use telemetry::metrics::Metrics;

/// A commit is one fsync of the log: some 50 us on a disk with a protected cache, one to a few
/// milliseconds on an ordinary SSD, tens of them on a spinning disk. Seconds mean a disk in trouble.
const COMMIT_SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// From a single write to a full transaction ([`crate::write::GROUP_WRITES`]), by doubling.
const COMMIT_WRITES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The families of a store.
#[derive(Clone, Debug)]
pub(crate) struct StoreMetrics {
    commit_seconds: Histogram,
    commit_writes: Histogram,
    queue_writes: IntGauge,
}

/// Counts a write as waiting until this is dropped, which happens also when the caller gives up.
#[derive(Debug)]
pub(crate) struct Waiting(IntGauge);

impl StoreMetrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let histogram = |name: &str, help: &str, bounds: &[f64]| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec()))
        };
        Ok(Self {
            commit_seconds: histogram(
                "store_commit_seconds",
                "Seconds that COMMIT took, which is the time of the disk: neither the wait in the queue nor the statements count. Failed commits are left out.",
                COMMIT_SECONDS,
            )?,
            commit_writes: histogram(
                "store_commit_writes",
                "Writes that shared a COMMIT.",
                COMMIT_WRITES,
            )?,
            queue_writes: IntGauge::new(
                "store_queue_writes",
                "Writes whose statements have not run yet.",
            )?,
        })
    }

    pub(crate) fn register(&self, metrics: &Metrics) -> prometheus::Result<()> {
        metrics.register(Box::new(self.commit_seconds.clone()))?;
        metrics.register(Box::new(self.commit_writes.clone()))?;
        metrics.register(Box::new(self.queue_writes.clone()))
    }

    /// Counts a write as waiting from now on.
    pub(crate) fn waiting(&self) -> Waiting {
        self.queue_writes.inc();
        Waiting(self.queue_writes.clone())
    }

    /// Counts a commit that succeeded.
    pub(crate) fn committed(&self, writes: usize, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        // A group is far smaller than 2^32.
        self.commit_writes
            .observe(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
impl StoreMetrics {
    pub(crate) fn waiting_writes(&self) -> i64 {
        self.queue_writes.get()
    }

    /// How many commits there were, and of how many writes in all.
    pub(crate) fn commits(&self) -> (u64, f64) {
        let writes = &self.commit_writes;
        assert_eq!(
            writes.get_sample_count(),
            self.commit_seconds.get_sample_count()
        );
        (writes.get_sample_count(), writes.get_sample_sum())
    }
}
