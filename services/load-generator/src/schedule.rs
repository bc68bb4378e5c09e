//! When the requests of the open loop should start, and a clock that wakes up in time.

use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The intended starts: evenly spaced, the first at once, whatever the target does.
#[derive(Debug)]
pub(crate) struct Schedule {
    begun: Instant,
    rate: f64,
    /// A permit for each start that is due and has not been taken.
    due: Arc<Semaphore>,
}

impl Schedule {
    /// Begins now. `rate` is in requests a second, at most a million.
    ///
    /// A thread of its own wakes up within some fifty microseconds (the kernel's timer slack);
    /// tokio's timer rounds up to the next millisecond, which would show as latency.
    pub(crate) fn begin(rate: f64) -> Self {
        let schedule = Self {
            begun: Instant::now(),
            rate,
            due: Arc::new(Semaphore::new(0)),
        };
        let begun = schedule.begun;
        let due = Arc::clone(&schedule.due);
        thread::spawn(move || {
            for number in 0.. {
                let ahead = intended(begun, rate, number).duration_since(Instant::now());
                if !ahead.is_zero() {
                    thread::sleep(ahead);
                }
                if due.is_closed() {
                    return;
                }
                due.add_permits(1);
            }
        });
        schedule
    }

    /// When the request with this number, from 0, should start.
    pub(crate) fn intended(&self, number: u64) -> Instant {
        intended(self.begun, self.rate, number)
    }

    /// Resolves when the next request should start, at once if it is late. Cancel safe.
    pub(crate) async fn next(&self) {
        if let Ok(due) = self.due.acquire().await {
            due.forget();
        }
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.due.close();
    }
}

/// A division for each, not a sum of intervals: rounding errors do not add up, and a second has
/// exactly as many starts as the rate says.
fn intended(begun: Instant, rate: f64, number: u64) -> Instant {
    #[allow(clippy::cast_precision_loss)] // 2^53 requests last for centuries
    let offset = number as f64 / rate;
    begun + Duration::from_secs_f64(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_as_many_starts_as_its_rate() {
        let begun = Instant::now();
        for rate in [1_u32, 3, 7, 500, 3000, 30_000, 999_983, 1_000_000] {
            for seconds in [1, 2, 7, 86_400] {
                let end = begun + Duration::from_secs(seconds);
                let number = u64::from(rate) * seconds;
                let start = |number| intended(begun, f64::from(rate), number);
                assert!(start(number - 1) < end, "{rate} for {seconds} s");
                assert_eq!(start(number), end, "{rate} for {seconds} s");
            }
        }
    }

    #[tokio::test]
    async fn starts_are_evenly_spaced_and_none_comes_before_its_time() {
        let schedule = Schedule::begin(200.0);
        for number in 0..20 {
            schedule.next().await;
            let intended = schedule.intended(number);
            assert!(Instant::now() >= intended, "{number}");
            let spacing = schedule.intended(number + 1) - intended;
            assert_eq!(spacing, Duration::from_millis(5));
        }
    }

    #[tokio::test]
    async fn starts_in_the_past_are_due_at_once() {
        let schedule = Schedule::begin(1000.0);
        std::thread::sleep(Duration::from_millis(50));
        let late = Instant::now();
        for _ in 0..50 {
            schedule.next().await;
        }
        assert!(
            schedule.intended(49) <= late,
            "the last of them was due before"
        );
    }
}
