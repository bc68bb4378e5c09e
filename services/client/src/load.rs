//! How much an instance has to do: what is in flight to it, and how long its answers take.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How fast what was measured is forgotten: to a third within this time. Long against the pauses between the
/// requests of a quiet shop; and a single stutter of 50 ms beside answers of 2 ms is forgotten after three
/// times as long, when an instance that was ejected would be tried again at the latest.
const DECAY: Duration = Duration::from_secs(5);

/// Below this, the clock and the scheduler are measured and not the instance; and a load of nothing would be
/// less than any other, however much is in flight.
const FLOOR: Duration = Duration::from_micros(100);

/// What an answer counts that is no success and that does not eject: "not now" (503 with `Retry-After`,
/// whose unit is the second), or a failure of the program. As it comes at once, it would look fast.
pub(crate) const REFUSAL: Duration = Duration::from_secs(1);

/// The load of an instance.
#[derive(Debug)]
pub(crate) struct Load {
    in_flight: AtomicU32,
    latency: Mutex<PeakEwma>,
}

/// An exponentially weighted moving average that follows a rise at once and a fall slowly, and falls while
/// nothing is measured, so that a slow instance is tried again (Finagle's and Linkerd's).
#[derive(Debug)]
struct PeakEwma {
    seconds: f64,
    at: Instant,
}

/// Counts a request as in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a AtomicU32);

impl Load {
    pub(crate) fn new() -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            latency: Mutex::new(PeakEwma {
                seconds: 0.0,
                at: Instant::now(),
            }),
        }
    }

    /// Counts a request until the guard is dropped.
    pub(crate) fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// An answer took so long.
    pub(crate) fn observe(&self, latency: Duration) {
        self.latency
            .lock()
            .observe(latency.as_secs_f64(), Instant::now());
    }

    /// What the next request would meet, in seconds: (in flight + 1) times the latency. What is in flight
    /// counts by the instance's `share`: its weight over the mean weight.
    pub(crate) fn cost(&self, share: f64, now: Instant) -> f64 {
        let latency = self.latency.lock().now(now).max(FLOOR.as_secs_f64());
        (f64::from(self.in_flight()) / share + 1.0) * latency
    }
}

impl PeakEwma {
    fn remaining(&self, now: Instant) -> f64 {
        let age = now.saturating_duration_since(self.at);
        (-age.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }

    fn now(&self, now: Instant) -> f64 {
        self.seconds * self.remaining(now)
    }

    fn observe(&mut self, seconds: f64, now: Instant) {
        let remaining = self.remaining(now);
        let average = self.seconds * remaining + seconds * (1.0 - remaining);
        self.seconds = average.max(seconds);
        self.at = now;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn cost(load: &Load) -> f64 {
        load.cost(1.0, Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_counts_at_once_and_is_forgotten_slowly() {
        let load = Load::new();
        load.observe(2 * MS);
        load.observe(50 * MS);
        assert!((cost(&load) - 0.05).abs() < 1e-9);
        for _ in 0..10 {
            load.observe(2 * MS);
        }
        assert!(
            cost(&load) > 0.049,
            "ten answers at once say no more than one"
        );
        tokio::time::advance(DECAY).await;
        load.observe(2 * MS);
        assert!((0.018..0.021).contains(&cost(&load)), "{}", cost(&load));
        tokio::time::advance(10 * DECAY).await;
        assert!((cost(&load) - FLOOR.as_secs_f64()).abs() < 1e-9);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_flight_counts_by_its_share_until_it_is_over() {
        let load = Load::new();
        load.observe(2 * MS);
        let (first, second) = (load.begin(), load.begin());
        assert_eq!(load.in_flight(), 2);
        assert!((cost(&load) - 0.006).abs() < 1e-9);
        assert!((load.cost(0.1, Instant::now()) - 0.042).abs() < 1e-9);
        drop((first, second));
        assert_eq!(load.in_flight(), 0);
        assert!((cost(&load) - 0.002).abs() < 1e-9);
    }
}
