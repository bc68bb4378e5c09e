//! A limit for each person: a token bucket.

use std::num::NonZero;
use std::time::Duration;

use api::Owner;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::Recent;

/// How many persons' buckets are kept. One that was not used for as long is full again.
const PERSONS: usize = 10_000;

/// So many requests a second for each person, and as many at once.
#[derive(Debug)]
pub(crate) struct Limit {
    rate: f64,
    /// What is left, and when that was so.
    buckets: Mutex<Recent<Owner, (f64, Instant)>>,
}

impl Limit {
    pub(crate) fn new(rate: NonZero<u32>) -> Self {
        Self {
            rate: rate.get().into(),
            buckets: Mutex::new(Recent::new(PERSONS)),
        }
    }

    /// Takes one request of a person; or how long it has to wait.
    pub(crate) fn take(&self, owner: &Owner) -> Result<(), Duration> {
        let now = Instant::now();
        let mut buckets = self.buckets.lock();
        let Some((left, at)) = buckets.get(owner) else {
            buckets.insert(owner.clone(), (self.rate - 1.0, now));
            return Ok(());
        };
        let gained = now.saturating_duration_since(*at).as_secs_f64() * self.rate;
        *left = (*left + gained).min(self.rate);
        *at = now;
        if *left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - *left) / self.rate));
        }
        *left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_person_has_a_burst_and_a_rate_and_takes_nothing_from_another() {
        let limit = Limit::new(NonZero::new(10).unwrap());
        let (ann, bob) = (Owner::from_digest([1; 16]), Owner::from_digest([2; 16]));
        let passed = |owner| (0..20).filter(|_| limit.take(owner).is_ok()).count();
        assert_eq!(passed(&ann), 10);
        assert_eq!(limit.take(&ann), Err(Duration::from_millis(100)));
        assert_eq!(passed(&bob), 10);
        tokio::time::advance(Duration::from_millis(300)).await;
        assert_eq!(passed(&ann), 3);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(passed(&ann), 10, "no more than a burst is saved");
    }
}
