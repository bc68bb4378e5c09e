//! The model of one series: what it expects, and how unusual each value is, one after the other, by
//! what came before alone.
//!
//! ```text
//! value ── forecasts ─ near ── error ─ surprise ── mean of the last ─┐
//!        └────────────  far ── error ── mean of the last ────────────┤ each ranked
//!        ├─ distance from the long mean ─────────────────────────────┤ among its own  ─ sum ─ rest ─ score
//!        └─ how much it moves now, against usually ──────────────────┘ past
//! ```
//!
//! Five surprises are added up, as Fisher's method adds the logarithms of probabilities: what is
//! rare in several ways at once is an anomaly, and noise is rare in one. That a mean of the last
//! surprises says more than each of them is Numenta's anomaly likelihood (Ahmad et al.,
//! "Unsupervised real-time anomaly detection for streaming data", 2017); here the past ranks
//! it, and no Gaussian.
//!
//! After an anomaly the model rests: only what is more surprising still is news.

mod average;
mod counter;
mod forecast;
mod measure;
mod season;
mod spread;
mod tail;

use serde::{Deserialize, Serialize};

use crate::config::{Direction, SeriesConfig};
use average::Average;
use counter::Counter;
use forecast::Forecasts;
use measure::Measure;
use spread::Spread;

/// Over how many values the means of the last errors, moves and surprises go.
const SHORT: f64 = 5.0;
const SURPRISES: f64 = 20.0;

/// Over how many values the long means go.
const LONG: f64 = 3000.0;

/// Over how many values the mean of errors overlaps with itself.
const OVERLAP: f64 = 30.0;

/// What each surprise counts: that of the error, of the mean error, of the moves, of the mean
/// surprise, of the distance.
const WEIGHTS: [f64; 5] = [0.3, 1.0, 0.2, 1.0, 1.0];

/// The sum from which on a score is 0.99, and one by which it becomes ten times as sure.
const FOUND: f64 = 4.5;
const TENFOLD: f64 = 2.25;

/// From how many values on something can be found: before, nothing is known.
const FOUND_FROM: f64 = 50.0;

/// The sum after which it rests, for how many values, by how much a sum must be larger then to be news, and what is left
/// of it if it is not.
const REST_FROM: f64 = 4.0;
const REST: f64 = 300.0;
const NEWS: f64 = 0.5;
const RESTING: f64 = 0.3;

/// By how much the bar rises with the anomalies that there were: a series that is unusual every few
/// hours is usual so. And over how many values they are remembered.
const BAR: f64 = 2.0;
const HABIT: f64 = 30_000.0;

/// How fast the probability falls beyond the most surprising value so far: a few hundred values tell
/// nothing of that, and a small index is never absurd.
const INDEX: f64 = 1.0;

/// How many times as far out as the band goes noise hardly ever is for half a minute.
const OUTER: f64 = 1.8;

/// How much of the lower border is next to nothing. A rate falls no further than to zero, which is within
/// [`OUTER`] where the band is wide.
const NEXT_TO_NOTHING: f64 = 0.2;

/// The least deviation that counts, as a share of the mean magnitude: what is constant to three
/// digits is constant.
const FLOOR: f64 = 1e-3;

/// A gap is longer than so many steps.
const GAP: f64 = 5.0;

/// What is expected of a value, in the unit of the series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Band {
    pub(crate) expected: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    /// From here on outwards a value matters and is no noise.
    pub(crate) outer_lower: f64,
    pub(crate) outer_upper: f64,
}

impl Band {
    /// Whether a value is so far out that it matters and noise does not reach it.
    pub(crate) fn is_far_out(&self, value: f64) -> bool {
        value <= self.outer_lower || value >= self.outer_upper
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Model {
    direction: Direction,
    tolerance: f64,
    counter: Option<Counter>,
    forecasts: Forecasts,
    /// The mean of the last errors of the far forecast.
    far_error: Average,
    spread: Spread,
    shift: Measure,
    /// The mean of the last moves from value to value, and of all.
    short_move: Average,
    long_move: Average,
    moves: Measure,
    near: Measure,
    surprise: Average,
    surprises: Measure,
    usual: Average,
    distance: Measure,
    magnitude: Average,
    last: Option<f64>,
    time: f64,
    /// Seconds from a value to the next, mostly.
    step: Average,
    values: f64,
    /// For how many values it still rests, and after which sum.
    rest: f64,
    rests_after: f64,
    /// How many anomalies there were, the older the less.
    found: f64,
}

impl Model {
    pub(crate) fn new(config: &SeriesConfig) -> Self {
        Self {
            direction: config.direction,
            tolerance: config.tolerance,
            counter: config.counter.then(Counter::default),
            forecasts: Forecasts::new(config.season),
            far_error: Average::new(SHORT),
            spread: Spread::new(),
            shift: Measure::new(OVERLAP, INDEX),
            short_move: Average::new(SHORT),
            long_move: Average::new(LONG),
            moves: Measure::new(0.0, INDEX),
            near: Measure::new(0.0, INDEX),
            surprise: Average::new(SURPRISES),
            surprises: Measure::new(0.0, INDEX),
            usual: Average::new(LONG),
            distance: Measure::new(0.0, INDEX),
            magnitude: Average::new(LONG),
            last: None,
            time: f64::NEG_INFINITY,
            step: Average::new(100.0),
            values: 0.0,
            rest: 0.0,
            rests_after: 0.0,
            found: 0.0,
        }
    }

    /// Goes on with another direction and tolerance.
    pub(crate) fn set(&mut self, direction: Direction, tolerance: f64) {
        self.direction = direction;
        self.tolerance = tolerance;
    }

    /// What is expected at a time, in seconds since 1970; `None` before the first value.
    pub(crate) fn expect(&self, time: f64) -> Option<Band> {
        let band = self.expect_plain(time)?;
        match &self.counter {
            Some(counter) => counter.band(time, band),
            None => Some(band),
        }
    }

    fn expect_plain(&self, time: f64) -> Option<Band> {
        let expected = self.forecasts.get(time)?.usual;
        let [below, above] = [-1.0, 1.0].map(|sign| self.spread.half(sign, self.floor()));
        let lower = expected - below.max(self.tolerance);
        let mut outer_lower = expected - (OUTER * below).max(self.tolerance);
        if lower > 0.0 {
            outer_lower = outer_lower.max(NEXT_TO_NOTHING * lower);
        }
        Some(Band {
            expected,
            lower,
            upper: expected + above.max(self.tolerance),
            outer_lower,
            outer_upper: expected + (OUTER * above).max(self.tolerance),
        })
    }

    /// How unusual a value is, from 0 to 1; then it is learned. `None` is a value that is missing.
    /// A time that is not after the one before counts as the same.
    pub(crate) fn observe(&mut self, time: f64, value: Option<f64>) -> f64 {
        let time = time.max(self.time);
        let value = match &mut self.counter {
            Some(counter) => value.and_then(|value| counter.rate(time, value)),
            None => value,
        };
        let Some(value) = value else { return 0.0 };
        self.notice_gap(time);
        let sum = self.sum(time, value);
        self.values += 1.0;
        score(self.news(sum))
    }

    /// Forgets what the band has not learned yet: it led into an anomaly.
    pub(crate) fn discard_latest(&mut self) {
        self.spread.discard_waiting();
    }

    fn notice_gap(&mut self, time: f64) {
        let step = time - self.time;
        self.time = time;
        if !step.is_finite() || step <= 0.0 {
            return;
        }
        match self.step.get() {
            Some(usual) if step > GAP * usual && self.step.seen() >= SHORT => {
                self.forecasts.forget_now();
                self.far_error.forget();
                self.last = None;
                // A series that has become rarer for good is not one gap after the other.
                self.step.add(GAP * usual);
            }
            _ => self.step.add(step),
        }
    }

    /// The sum of the surprises at a value, which is learned.
    fn sum(&mut self, time: f64, value: f64) -> f64 {
        let floor = self.floor();
        self.magnitude.add(value.abs());
        let Some(forecast) = self.forecasts.get(time) else {
            self.learn(time, value);
            return 0.0;
        };
        let far = value - forecast.far;
        self.spread.add(time, value - forecast.usual, floor);
        self.far_error.add(far);
        let shift = self.shift.surprise(mean(&self.far_error), floor);

        if let Some(last) = self.last {
            let moved = (value - last).abs();
            self.short_move.add(moved);
            self.long_move.add(moved);
        }
        let tenth = 0.1 * floor;
        let moves = ((mean(&self.short_move) + tenth) / (mean(&self.long_move) + tenth)).ln();
        let moves = self.moves.surprise(moves, 0.05);

        let near = self.near.surprise(value - forecast.near, floor);
        self.surprise.add(near);
        let surprise = self.surprises.surprise(mean(&self.surprise), 0.05);

        let distance = value - self.usual.get().unwrap_or(value);
        let distance = self.distance.surprise(distance, floor);

        self.learn(time, value);
        if !self.matters(far, value - forecast.near) {
            return 0.0;
        }
        let surprises = [near, shift, moves, surprise, distance];
        surprises
            .iter()
            .zip(WEIGHTS)
            .map(|(surprise, weight)| surprise * weight)
            .sum()
    }

    fn learn(&mut self, time: f64, value: f64) {
        self.usual.add(value);
        self.last = Some(value);
        self.forecasts.add(time, value);
    }

    /// Whether a deviation is one that anybody minds.
    fn matters(&self, far: f64, near: f64) -> bool {
        let way = match self.direction {
            Direction::Both => true,
            Direction::Up => far > 0.0,
            Direction::Down => far < 0.0,
        };
        way && far.abs().max(near.abs()) >= self.tolerance
    }

    /// What is left of a sum while the model rests.
    fn news(&mut self, sum: f64) -> f64 {
        if self.values <= FOUND_FROM {
            return sum.min(FOUND - 0.1);
        }
        self.found *= 1.0 - 1.0 / HABIT;
        let sum = (sum - BAR * (1.0 + self.found).log10()).max(0.0);
        let resting = self.rest > 0.0;
        self.rest -= 1.0;
        if resting && sum < self.rests_after + NEWS {
            return RESTING * sum;
        }
        if sum >= REST_FROM {
            if !resting {
                self.found += 1.0;
            }
            self.rests_after = if resting {
                self.rests_after.max(sum)
            } else {
                sum
            };
            self.rest = REST;
        }
        sum
    }

    /// The least deviation that counts.
    fn floor(&self) -> f64 {
        (FLOOR * mean(&self.magnitude))
            .max(1e-9)
            .max(self.tolerance / 10.0)
    }
}

fn mean(average: &Average) -> f64 {
    average.get().unwrap_or(0.0)
}

/// A score from a sum: 0.9 at half of [`FOUND`], 0.99 at it.
fn score(sum: f64) -> f64 {
    1.0 - 10_f64.powf(-sum / TENFOLD)
}
