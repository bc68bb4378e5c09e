//! The time that a request has left, on its way through the services.
//!
//! It travels as milliseconds that are left, never as a time of day: clocks of two hosts differ. The
//! server [scopes](Deadline::scope) the work on a request to it, and the client sends what is left of it
//! along, so that nobody works on what nobody waits for any more.

mod alarm;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

pub use alarm::Alarm;

/// The most that a header can ask for. Far above every timeout of the shop, and small enough to be added to
/// any instant.
const LONGEST: Duration = Duration::from_hours(24);

tokio::task_local! {
    static CURRENT: Deadline;
}

/// When the answer to a request is of no use any more.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Deadline(Instant);

impl Deadline {
    /// The header that carries the milliseconds that are left, in decimal digits.
    pub const HEADER: HeaderName = HeaderName::from_static("x-request-deadline-ms");

    /// What the header counts in. Less than that cannot be said to a peer.
    pub const UNIT: Duration = Duration::from_millis(1);

    /// In so much time from now; at most a day.
    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left.min(LONGEST))
    }

    /// The one that a request brings. None without the header, and with one that is no number: a deadline
    /// is a hint, for which no request is refused.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let left = headers.get(Self::HEADER)?.to_str().ok()?;
        // `parse` takes a sign.
        let digits = left.bytes().all(|byte| byte.is_ascii_digit());
        let left = digits.then(|| left.parse().ok())??;
        Some(Self::after(Duration::from_millis(left)))
    }

    /// That of the request on which the current task works, if it has one. A task that was spawned has
    /// none: its work outlives the request.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// Works on something that is of use until then.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// The same, by so much earlier.
    #[must_use]
    pub fn earlier_by(self, time: Duration) -> Self {
        Self(self.0.checked_sub(time).unwrap_or(self.0))
    }

    /// When that is.
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// How long it is until then; zero when it is over.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether less than a [unit](Deadline::UNIT) is left. A peer that was told when it is over gives up no
    /// more than that before.
    pub fn is_over(self) -> bool {
        self.left() < Self::UNIT
    }

    /// So much time as the value of [`Deadline::HEADER`], rounded down: an answer that comes a moment early
    /// is of use, one a moment late is not.
    pub fn header_value(left: Duration) -> HeaderValue {
        HeaderValue::from(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(value: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(Deadline::HEADER, HeaderValue::from_static(value));
        Deadline::of(&headers).map(Deadline::left)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_brings_the_milliseconds_that_are_left() {
        assert_eq!(brought("1500"), Some(Duration::from_millis(1500)));
        assert_eq!(brought("0"), Some(Duration::ZERO));
        assert_eq!(brought("18446744073709551615"), Some(LONGEST));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_number_is_no_deadline() {
        for value in ["", "-1", "+1", "1.5", "1s", "99999999999999999999999"] {
            assert_eq!(brought(value), None, "{value:?}");
        }
        assert_eq!(Deadline::of(&HeaderMap::new()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_on_is_what_is_left_rounded_down() {
        let deadline = Deadline::after(Duration::from_micros(2_900));
        assert_eq!(Deadline::header_value(deadline.left()), "2");
        assert!(!deadline.is_over());
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_eq!(Deadline::header_value(deadline.left()), "0");
        assert!(deadline.is_over(), "{:?} is left", deadline.left());
    }

    #[tokio::test(start_paused = true)]
    async fn the_work_on_a_request_knows_its_deadline_and_a_spawned_task_does_not() {
        let deadline = Deadline::after(Duration::from_secs(1));
        let (inside, spawned) = deadline
            .scope(async {
                let spawned = tokio::spawn(async { Deadline::current() });
                (Deadline::current(), spawned.await.expect("it ends"))
            })
            .await;
        assert_eq!((inside, spawned), (Some(deadline), None));
        assert_eq!(Deadline::current(), None);
    }
}
