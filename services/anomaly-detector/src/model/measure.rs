//! A quantity whose unusual values count: measured by its usual magnitude, and ranked among all
//! that came before.

use serde::{Deserialize, Serialize};

use super::average::Average;
use super::tail::Tail;

/// Over how many values the usual magnitude goes.
const SCALE: f64 = 3000.0;

/// From how many values on there is one.
const SCALE_FROM: f64 = 5.0;

/// From how many values on one that is far out moves it no further than [`FAR_OUT`] of it would.
const ROBUST_FROM: f64 = 20.0;
const FAR_OUT: f64 = 10.0;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measure {
    scale: Average,
    tail: Tail,
    /// Over how many values what is unusual counts as one: neighbours that overlap are no new ones.
    overlap: f64,
    /// The largest of the last values; it becomes smaller with each.
    peak: f64,
}

impl Measure {
    /// `index`: how fast the probability falls beyond the largest value so far.
    pub(super) fn new(overlap: f64, index: f64) -> Self {
        Self {
            scale: Average::new(SCALE),
            tail: Tail::new(index),
            overlap,
            peak: 0.0,
        }
    }

    /// The surprise at a value: the decimal logarithm of its probability, without the sign. Then it
    /// is learned. `floor` is the least magnitude that counts.
    pub(super) fn surprise(&mut self, value: f64, floor: f64) -> f64 {
        let ratio = if self.scale.seen() < SCALE_FROM {
            0.0
        } else {
            value / self.scale(floor)
        };
        let probability = self.tail.probability(ratio);
        self.peak *= 1.0 - 1.0 / (self.overlap + 1.0);
        if ratio.abs() > self.peak {
            self.peak = ratio.abs();
            self.tail.add(ratio);
        } else {
            self.tail.add(0.0);
        }
        let most = if self.scale.seen() < ROBUST_FROM {
            f64::INFINITY
        } else {
            FAR_OUT * self.scale(floor)
        };
        self.scale.add(value.abs().min(most));
        -probability.log10()
    }

    /// How far out a value has this probability, on the side of `sign`.
    pub(super) fn quantile(&self, sign: f64, probability: f64, floor: f64) -> f64 {
        self.scale(floor) * self.tail.quantile(sign, probability)
    }

    fn scale(&self, floor: f64) -> f64 {
        self.scale.get().unwrap_or(0.0).max(floor)
    }
}
