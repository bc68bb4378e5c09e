//! The time that a call may take: the caller's own bound, or what the request has left on which it works.

use std::time::Duration;

use deadline::Deadline;
use http::HeaderValue;
use tokio::time::Instant;

/// The time of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    timeout: Duration,
    deadline: Instant,
}

/// The time of one of its attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptTime {
    given: Duration,
    pub(crate) ends: Instant,
    /// Whether a peer that gives no answer in it has failed.
    pub(crate) is_fair: bool,
}

impl TimeLimit {
    /// Begins a call that may take `timeout`, and no longer than the current request has left.
    pub(crate) fn begin(timeout: Duration) -> Self {
        let own = Instant::now() + timeout;
        let deadline = Deadline::current().map_or(own, |current| own.min(current.instant()));
        Self { timeout, deadline }
    }

    /// When the call has to be over.
    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The time of an attempt that begins now: all that is left, or half of it if another attempt may follow,
    /// so that this has as much when a peer hangs.
    ///
    /// A client may give a request as little time as it likes. So that it cannot open our circuits by that, a
    /// peer is blamed only if it had a quarter of the caller's own bound: half of half of it, where two
    /// services in a row have a second attempt in mind.
    pub(crate) fn attempt(&self, another_may_follow: bool) -> AttemptTime {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        let given = if another_may_follow { left / 2 } else { left };
        AttemptTime {
            given,
            ends: now + given,
            is_fair: given * 4 >= self.timeout,
        }
    }
}

impl AttemptTime {
    /// Whether there is none that could be said to the peer.
    pub(crate) fn is_over(&self) -> bool {
        self.given < Deadline::UNIT
    }

    /// Whether an answer that comes now comes when the time is over, or nearly so: the peer knows when it is,
    /// and gives up a moment before we do.
    pub(crate) fn is_nearly_over(&self) -> bool {
        Instant::now() + self.given / 20 >= self.ends
    }

    /// What is left of it, for the peer.
    pub(crate) fn header_value(&self) -> HeaderValue {
        Deadline::header_value(self.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn without_a_current_request_a_call_has_its_own_time() {
        let limit = TimeLimit::begin(2 * SECOND);
        assert_eq!(limit.attempt(false).header_value(), "2000");
        assert_eq!(limit.attempt(true).header_value(), "1000");
        tokio::time::advance(SECOND / 2).await;
        assert_eq!(limit.attempt(false).header_value(), "1500");
        tokio::time::advance(2 * SECOND).await;
        assert!(limit.attempt(false).is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_has_no_more_time_than_the_current_request() {
        let in_time = async |left, timeout| {
            Deadline::after(left)
                .scope(async { TimeLimit::begin(timeout).attempt(false) })
                .await
        };
        assert_eq!(in_time(SECOND, 2 * SECOND).await.header_value(), "1000");
        assert_eq!(in_time(3 * SECOND, 2 * SECOND).await.header_value(), "2000");
        assert!(in_time(Duration::from_micros(900), SECOND).await.is_over());
        assert!(in_time(Duration::ZERO, SECOND).await.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_moments_count_as_its_end() {
        let time = TimeLimit::begin(2 * SECOND).attempt(false);
        tokio::time::advance(Duration::from_millis(1899)).await;
        assert!(!time.is_nearly_over());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(time.is_nearly_over());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_is_not_blamed_for_the_haste_of_a_client() {
        for (left, is_fair) in [(1, false), (499, false), (500, true), (9_000, true)] {
            let time = Deadline::after(Duration::from_millis(left))
                .scope(async { TimeLimit::begin(2 * SECOND).attempt(false) })
                .await;
            assert_eq!(time.is_fair, is_fair, "{left}");
        }
    }
}
