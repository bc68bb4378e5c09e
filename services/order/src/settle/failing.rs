//! The orders that fail on their own account, while others are settled.

use std::collections::HashMap;
use std::time::Duration;

use super::backoff::Backoff;

/// The first pause: a fault that is over at once costs an order a second.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause: once inventory is mended, the order is settled within a quarter of a minute,
/// and a thousand such orders are some sixty attempts a second.
const LONGEST: Duration = Duration::from_secs(16);

/// How many orders have a pause of their own: a few dozen kilobytes. What fails beyond that is
/// no longer about single orders.
const KEPT: usize = 1024;

/// The orders that fail, by their place in the sequence.
#[derive(Debug, Default)]
pub(super) struct FailingOrders {
    orders: HashMap<i64, Failing>,
}

#[derive(Debug)]
struct Failing {
    backoff: Backoff,
    /// How many attempts have failed.
    attempts: u32,
    /// Whether it was still pending in this pass over all pending orders.
    seen: bool,
}

/// How a failure relates to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It has not failed before; so many orders fail now.
    First(usize),
    /// It has failed before.
    Again,
    /// Too many orders fail for this one to be remembered.
    NotKept,
}

impl FailingOrders {
    /// An order has failed: it is not tried again before a pause.
    pub(super) fn failed(&mut self, seq: i64) -> Failed {
        if let Some(failing) = self.orders.get_mut(&seq) {
            failing.backoff.grow();
            failing.attempts += 1;
            return Failed::Again;
        }
        if self.orders.len() >= KEPT {
            return Failed::NotKept;
        }
        let backoff = Backoff::new(FIRST, LONGEST);
        self.orders.insert(
            seq,
            Failing {
                backoff,
                attempts: 1,
                seen: true,
            },
        );
        Failed::First(self.orders.len())
    }

    pub(super) fn settled(&mut self, seq: i64) {
        self.orders.remove(&seq);
    }

    pub(super) fn contains(&self, seq: i64) -> bool {
        self.orders.contains_key(&seq)
    }

    /// How many attempts of this order are known to have failed.
    pub(super) fn attempts(&self, seq: i64) -> u32 {
        self.orders.get(&seq).map_or(0, |failing| failing.attempts)
    }

    /// Whether a pending order may be tried now.
    pub(super) fn is_due(&mut self, seq: i64) -> bool {
        self.orders.get_mut(&seq).is_none_or(|failing| {
            failing.seen = true;
            failing.backoff.is_due()
        })
    }

    /// All pending orders have been passed: those that did not occur were settled by a request.
    pub(super) fn end_pass(&mut self) {
        self.orders
            .retain(|_, failing| std::mem::take(&mut failing.seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_order_has_pauses_of_its_own() {
        let mut failing = FailingOrders::default();
        assert!(failing.is_due(1), "an order that has not failed");
        assert_eq!(failing.failed(1), Failed::First(1));
        assert_eq!(failing.failed(1), Failed::Again);
        assert_eq!(failing.failed(2), Failed::First(2));
        assert_eq!([1, 2, 3].map(|seq| failing.attempts(seq)), [2, 1, 0]);
        tokio::time::advance(FIRST).await;
        assert!(!failing.is_due(1) && failing.is_due(2) && failing.is_due(3));
        tokio::time::advance(FIRST).await;
        assert!(failing.is_due(1));
        failing.settled(1);
        assert_eq!(failing.failed(1), Failed::First(2), "it begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_pending_no_more_is_forgotten_after_a_pass_without_it() {
        let mut failing = FailingOrders::default();
        failing.failed(1);
        failing.failed(2);
        failing.end_pass();
        assert!(failing.contains(1) && failing.contains(2));
        failing.is_due(2);
        failing.end_pass();
        assert!(!failing.contains(1) && failing.contains(2));
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_are_kept() {
        let mut failing = FailingOrders::default();
        for seq in 0..1024 {
            failing.failed(seq);
        }
        assert_eq!(failing.failed(2000), Failed::NotKept);
        assert_eq!(failing.failed(0), Failed::Again);
        assert!(failing.is_due(2000));
    }
}
