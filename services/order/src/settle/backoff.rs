//! Pauses that grow.

use std::time::Duration;

use tokio::time::Instant;

/// A time at which to try again, and the pause that led to it. Each pause is twice the one
/// before, up to the longest.
///
/// There is no jitter: it keeps many clients from coming at the same moment, and here is one,
/// which asks for no more than a bounded number of orders at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    pause: Duration,
    longest: Duration,
    due: Instant,
}

impl Backoff {
    /// Due after `first`.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            pause: first,
            longest,
            due: Instant::now() + first,
        }
    }

    /// When the next attempt is due.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Due after a pause that is longer than the last.
    pub(super) fn grow(&mut self) {
        self.pause = (self.pause * 2).min(self.longest);
        self.due = Instant::now() + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        for seconds in [1, 2, 4, 5, 5] {
            tokio::time::advance(Duration::from_millis(seconds * 1000 - 1)).await;
            assert!(!backoff.is_due(), "{seconds} s are not over");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(backoff.is_due(), "{seconds} s are over");
            backoff.grow();
        }
    }
}
