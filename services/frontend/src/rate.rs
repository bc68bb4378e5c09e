//! A token bucket.

use parking_lot::Mutex;
use tokio::time::Instant;

/// Lets `rate` requests a second pass, and `burst` at once.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    rate: f64,
    burst: f64,
    state: Mutex<(f64, Instant)>,
}

impl TokenBucket {
    pub(crate) fn new(rate: f64, burst: f64) -> Self {
        Self {
            rate,
            burst,
            state: Mutex::new((burst, Instant::now())),
        }
    }

    /// Whether one more may pass now.
    pub(crate) fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        let (tokens, last) = *state;
        let gained = now.saturating_duration_since(last).as_secs_f64() * self.rate;
        let tokens = (tokens + gained).min(self.burst);
        let passes = tokens >= 1.0;
        *state = (if passes { tokens - 1.0 } else { tokens }, now.max(last));
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate() {
        let bucket = TokenBucket::new(10.0, 3.0);
        let now = Instant::now();
        let passed = |at| (0..10).filter(|_| bucket.take_at(at)).count();
        assert_eq!(passed(now), 3);
        assert_eq!(passed(now + Duration::from_millis(200)), 2);
        assert_eq!(
            passed(now + Duration::from_mins(1)),
            3,
            "no more than a burst is saved"
        );
    }
}
