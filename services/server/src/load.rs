//! What of the load of a service is counted: how long its queue is, what is refused, what comes too late.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts};
use telemetry::metrics::Metrics;

use crate::overload::Priority;

/// A free worker takes a request within microseconds, and a burst passes within a tenth of a second. From a
/// quarter on requests are refused, unless configured otherwise; a queue of seconds is one that this does
/// not hold. Few, since each bucket is a series of every service.
const QUEUE_SECONDS: &[f64] = &[0.005, 0.05, 0.25, 1.0];

/// The families.
#[derive(Clone, Debug)]
pub(crate) struct LoadMetrics {
    pub(crate) queue_seconds: Histogram,
    lists_refused: IntCounter,
    others_refused: IntCounter,
    pub(crate) deadlines_exceeded: IntCounter,
}

impl LoadMetrics {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let queue_seconds = HistogramOpts::new(
            "http_server_queue_seconds",
            "Seconds that a request waits until a thread has time for it, in samples of a thousand a second at most.",
        );
        let queue_seconds = Histogram::with_opts(queue_seconds.buckets(QUEUE_SECONDS.to_vec()))?;
        let refused = Opts::new(
            "http_server_requests_shed_total",
            "Requests that were refused with 503 because they had waited for too long: lists first, then others.",
        );
        let refused = IntCounterVec::new(refused, &["priority"])?;
        let deadlines_exceeded = IntCounter::new(
            "http_server_deadline_exceeded_total",
            "Requests whose work was dropped because the time was over that they had by their own word.",
        )?;
        metrics.register(Box::new(queue_seconds.clone()))?;
        metrics.register(Box::new(refused.clone()))?;
        metrics.register(Box::new(deadlines_exceeded.clone()))?;
        Ok(Self {
            queue_seconds,
            lists_refused: refused.with_label_values(&["list"]),
            others_refused: refused.with_label_values(&["other"]),
            deadlines_exceeded,
        })
    }

    /// Counts a request that was refused.
    pub(crate) fn refused(&self, priority: Priority) {
        match priority {
            Priority::List => self.lists_refused.inc(),
            Priority::Other => self.others_refused.inc(),
        }
    }
}
