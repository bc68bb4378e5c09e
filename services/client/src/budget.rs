//! The budget of retries: at most a fifth of the traffic, so that a peer in trouble is not asked for twice
//! as much as one that is well.

use std::sync::atomic::{AtomicU32, Ordering};

/// What each request adds: a fifth of a retry, in [`RETRY`]s.
const REQUEST: u32 = 1;

/// What a retry costs.
const RETRY: u32 = 5;

/// The most retries at once. An instance that dies takes with it what was in flight to it, some tens of
/// requests; more than that is no chance but an outage, which retries make worse.
const MOST: u32 = 100;

/// What there is at the start, so that an instance that was dead before is found out without a failed
/// request: twice the failures in a row after which it is ejected.
const FIRST: u32 = 10;

/// The budget of the retries to one peer: a token bucket. tower's `TpsBudget` is one too, which lets tokens
/// expire after some seconds; here the bound of the bucket does the same with a counter alone.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(FIRST * RETRY))
    }

    /// A request is sent.
    pub(crate) fn deposit(&self) {
        let add = |left| (left < MOST * RETRY).then_some(left + REQUEST);
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Takes a retry, if there is one left.
    pub(crate) fn withdraw(&self) -> bool {
        let take = |left: u32| left.checked_sub(RETRY);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.is_ok()
    }

    /// How many retries are left.
    pub(crate) fn left(&self) -> f64 {
        f64::from(self.0.load(Ordering::Relaxed)) / f64::from(RETRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withdrawn(budget: &RetryBudget) -> u32 {
        let mut retries = 0;
        while budget.withdraw() {
            retries += 1;
        }
        retries
    }

    #[test]
    fn behind_those_of_the_start_a_fifth_of_the_requests_may_be_sent_again() {
        let budget = RetryBudget::new();
        assert_eq!(withdrawn(&budget), FIRST);
        for _ in 0..4 {
            budget.deposit();
        }
        assert!(!budget.withdraw(), "four fifths are none");
        let mut retries = 0;
        for _ in 0..1000 {
            budget.deposit();
            retries += u32::from(budget.withdraw());
        }
        assert_eq!(retries, 200);
    }

    #[test]
    fn a_long_time_without_a_failure_allows_no_more_than_a_burst() {
        let budget = RetryBudget::new();
        for _ in 0..1_000_000 {
            budget.deposit();
        }
        assert!((budget.left() - f64::from(MOST)).abs() < f64::EPSILON);
        assert_eq!(withdrawn(&budget), MOST);
    }
}
