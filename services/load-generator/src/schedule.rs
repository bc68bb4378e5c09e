//! When the requests of the open loop should start, and a thread that says so in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// The intended starts: one every `1 / rate` seconds, the first at once. They follow from the
/// clock alone; nothing that the target does moves them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    begun: Instant,
    rate: f64,
}

impl Schedule {
    /// `rate` is in requests a second, above zero.
    pub(crate) const fn new(begun: Instant, rate: f64) -> Self {
        Self { begun, rate }
    }

    /// When the request with this number, from 0, should start.
    pub(crate) fn intended(&self, number: u64) -> Instant {
        #[allow(clippy::cast_precision_loss)] // 2^53 requests last for centuries
        let offset = number as f64 / self.rate;
        self.begun + Duration::from_secs_f64(offset)
    }

    /// Adds a permit for each start that is due, until the semaphore is closed.
    ///
    /// A thread of its own sleeps to within some fifty microseconds (the kernel's timer slack);
    /// tokio's timer rounds up to the next millisecond, which would show as latency.
    pub(crate) fn announce(self, due: Arc<Semaphore>) {
        std::thread::spawn(move || {
            for number in 0.. {
                let ahead = self.intended(number).checked_duration_since(Instant::now());
                if let Some(ahead) = ahead {
                    std::thread::sleep(ahead);
                }
                if due.is_closed() {
                    return;
                }
                due.add_permits(1);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_evenly_spaced_from_the_beginning_and_do_not_drift() {
        let begun = Instant::now();
        let schedule = Schedule::new(begun, 500.0);
        assert_eq!(schedule.intended(0), begun);
        assert_eq!(schedule.intended(1), begun + Duration::from_millis(2));
        assert_eq!(
            schedule.intended(1_000_000),
            begun + Duration::from_secs(2_000)
        );
        let thirds = Schedule::new(begun, 3.0);
        assert_eq!(thirds.intended(30_000), begun + Duration::from_secs(10_000));
    }

    #[tokio::test]
    async fn no_start_is_announced_before_its_time() {
        let begun = Instant::now();
        let schedule = Schedule::new(begun, 200.0);
        let due = Arc::new(Semaphore::new(0));
        schedule.announce(Arc::clone(&due));
        for number in 0..20 {
            due.acquire().await.unwrap().forget();
            assert!(Instant::now() >= schedule.intended(number), "{number}");
        }
        due.close();
    }
}
