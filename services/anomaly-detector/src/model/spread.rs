//! How far values lie from what was expected of them, on either side: what the band is made of.
//!
//! It learns a minute late. The first values of an anomaly are still within the band, as the window
//! of a rate fills with it; learned at once, they would widen the band as fast as it grows. What
//! turns out to be an anomaly within that minute is never learned.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::measure::Measure;

/// For how many seconds an error waits: longer than an anomaly takes to be found.
const LATE: f64 = 60.0;

/// The most errors that wait: one a second.
const MOST_WAITING: usize = 60;

/// How likely a value is beyond the band on either side.
const BEYOND_BAND: f64 = 0.002;

/// How fast the probability falls beyond the largest error so far. Errors of requests and response
/// times fall faster, those with an index of 3 are as wild as market prices ("inverse cubic law").
/// A smaller index makes the band of a young series many times as wide as anything that it has done.
const INDEX: f64 = 3.0;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spread {
    errors: Measure,
    /// The errors that are not learned yet, by their time.
    waiting: VecDeque<(f64, f64)>,
}

impl Spread {
    pub(super) fn new() -> Self {
        Self {
            errors: Measure::new(0.0, INDEX),
            waiting: VecDeque::new(),
        }
    }

    /// Takes the error at a time, and learns those that have waited long enough. `floor` is the least
    /// magnitude that counts.
    pub(super) fn add(&mut self, time: f64, error: f64, floor: f64) {
        self.waiting.push_back((time, error));
        while let Some((then, error)) = self.waiting.front().copied()
            && (then + LATE <= time || self.waiting.len() > MOST_WAITING)
        {
            self.waiting.pop_front();
            self.errors.surprise(error, floor);
        }
    }

    /// Forgets the errors that wait: they led into an anomaly.
    pub(super) fn discard_waiting(&mut self) {
        self.waiting.clear();
    }

    /// How far the band goes on the side of `sign`.
    pub(super) fn half(&self, sign: f64, floor: f64) -> f64 {
        self.errors.quantile(sign, BEYOND_BAND, floor)
    }
}
