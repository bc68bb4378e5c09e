//! `shop_orders_pending` and `shop_orders_pending_oldest_seconds`.
//!
//! The count moves on the writer's thread, after the commit that moves it. Which order is the
//! oldest is read by the settler once a second, so a scrape costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntGauge};
use telemetry::metrics::Metrics;
use tokio::time::Instant;

/// The two gauges. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct PendingGauges {
    pending: IntGauge,
    seconds: Gauge,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    count: AtomicI64,
    /// Whether a write has failed since the count was taken.
    uncertain: AtomicBool,
    oldest: Mutex<Option<Seen>>,
}

/// The oldest pending order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oldest {
    /// Its place in the sequence of orders.
    pub(crate) seq: i64,
    pub(crate) created_at: SystemTime,
}

/// The oldest pending order, since it was first seen to be the oldest.
///
/// Its age at that moment comes from the wall clock, the only one that outlives a process; from
/// then on it grows by the monotonic clock. So a step of the clock does not change an age that is
/// shown already, and no age is negative. Only an order that was made before a step and becomes
/// the oldest after it is shown younger or older by that step.
#[derive(Clone, Copy, Debug)]
struct Seen {
    seq: i64,
    age: Duration,
    at: Instant,
}

impl PendingGauges {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let gauges = Self::unregistered()?;
        metrics.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }

    fn unregistered() -> prometheus::Result<Self> {
        Ok(Self {
            pending: IntGauge::new(
                "shop_orders_pending",
                "Orders that are stored and whose outcome is not known yet.",
            )?,
            seconds: Gauge::new(
                "shop_orders_pending_oldest_seconds",
                "Age of the oldest pending order; 0 when there is none.",
            )?,
            state: Arc::default(),
        })
    }

    /// An order was stored as pending.
    pub(crate) fn begun(&self) {
        self.state.count.fetch_add(1, Ordering::Relaxed);
    }

    /// A pending order was settled.
    pub(crate) fn settled(&self) {
        self.state.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// So many orders are pending.
    pub(crate) fn counted(&self, pending: i64) {
        self.state.uncertain.store(false, Ordering::Relaxed);
        self.state.count.store(pending, Ordering::Relaxed);
    }

    /// A write failed, and its order may be stored or not: the orders have to be counted.
    pub(crate) fn be_uncertain(&self) {
        self.state.uncertain.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_uncertain(&self) -> bool {
        self.state.uncertain.load(Ordering::Relaxed)
    }

    /// This order is the oldest pending one.
    pub(crate) fn oldest_is(&self, oldest: Option<Oldest>) {
        let mut seen = self.state.oldest.lock();
        if seen.map(|seen| seen.seq) != oldest.map(|oldest| oldest.seq) {
            *seen = oldest.map(|Oldest { seq, created_at }| Seen {
                seq,
                age: created_at.elapsed().unwrap_or_default(),
                at: Instant::now(),
            });
        }
    }

    /// The count, and the age of the oldest. Between two looks the oldest may be settled already;
    /// it is never shown without a pending order.
    fn now(&self) -> (i64, Duration) {
        let count = self.state.count.load(Ordering::Relaxed);
        let age = self.state.oldest.lock().filter(|_| count > 0);
        let age = age.map(|seen| seen.age + seen.at.elapsed());
        (count, age.unwrap_or_default())
    }
}

impl Collector for PendingGauges {
    fn desc(&self) -> Vec<&Desc> {
        let mut desc = self.pending.desc();
        desc.extend(self.seconds.desc());
        desc
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let (count, age) = self.now();
        self.pending.set(count);
        self.seconds.set(age.as_secs_f64());
        let mut families = self.pending.collect();
        families.extend(self.seconds.collect());
        families
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    const fn oldest(seq: i64, created_at: SystemTime) -> Oldest {
        Oldest { seq, created_at }
    }

    #[tokio::test(start_paused = true)]
    async fn the_age_grows_by_the_monotonic_clock_and_is_none_without_a_pending_order() {
        let gauges = PendingGauges::unregistered().unwrap();
        assert_eq!(gauges.now(), (0, Duration::ZERO));
        gauges.counted(2);
        gauges.oldest_is(Some(oldest(7, SystemTime::now() - HOUR)));
        let (count, first) = gauges.now();
        assert_eq!(count, 2);
        assert!(first >= HOUR && first < HOUR * 2, "{first:?}");
        tokio::time::advance(HOUR).await;
        // As after a step of the clock: the order is the same, its time another.
        gauges.oldest_is(Some(oldest(7, SystemTime::now() - HOUR * 100)));
        assert_eq!(gauges.now(), (2, first + HOUR));

        gauges.settled();
        gauges.settled();
        assert_eq!(gauges.now(), (0, Duration::ZERO));
        gauges.begun();
        gauges.oldest_is(None);
        assert_eq!(gauges.now(), (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_of_the_future_has_no_negative_age() {
        let gauges = PendingGauges::unregistered().unwrap();
        gauges.begun();
        gauges.oldest_is(Some(oldest(1, SystemTime::now() + HOUR)));
        assert_eq!(gauges.now().1, Duration::ZERO);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(gauges.now().1, Duration::from_secs(5));
    }
}
