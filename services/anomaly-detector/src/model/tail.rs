//! How rare a value is among those of its kind that came before: a histogram of magnitudes on a
//! logarithmic scale, one for each sign, and a power law beyond the largest, so that the probability
//! of what was never seen is small, yet never zero.
//!
//! Peaks over a threshold, as in Siffer et al., "Anomaly Detection in Streams with Extreme Value
//! Theory" (2017), with a fixed tail index: a few hundred values fix no tail, and a fixed one is
//! never absurd. By hand, since it takes 500 bytes, forgets, and costs 100 ns a value; the sketches
//! of quantiles that crates offer neither forget nor say anything beyond the largest value.

use serde::{Deserialize, Serialize};

/// Bins of an octave: each is 19 % wide.
const BINS_OF_OCTAVE: f64 = 4.0;

/// The lowest border, as a power of two. What is smaller is ordinary.
const LOWEST: f64 = -5.0;

/// Up to 2^11; what is larger is in the last bin.
const BINS: usize = 64;

/// Over how many values it goes.
const MEMORY: f64 = 8000.0;

/// When all weights are made small again, well before they lose digits.
const HEAVIEST: f64 = 1e6;

/// The magnitudes of one sign.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Side {
    /// By bin, the smallest magnitudes first.
    weights: Vec<f32>,
    /// The largest magnitude; forgotten as slowly as the weights.
    largest: f64,
}

/// What was seen so far, the older the less.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tail {
    above: Side,
    below: Side,
    /// The sum of all weights.
    total: f64,
    /// The weight of the next value: it grows, instead of all others becoming less each time.
    weight: f64,
    /// Beyond the largest magnitude the probability falls with this power of it.
    index: f64,
}

impl Tail {
    /// `index`: the power by which the probability falls beyond the largest magnitude.
    pub(super) fn new(index: f64) -> Self {
        let side = Side {
            weights: vec![0.0; BINS],
            largest: 0.0,
        };
        Self {
            above: side.clone(),
            below: side,
            total: 0.0,
            weight: 1.0,
            index,
        }
    }

    fn side(&self, sign: f64) -> &Side {
        if sign < 0.0 { &self.below } else { &self.above }
    }

    /// The probability of a value as far out as this one, on its side.
    pub(super) fn probability(&self, value: f64) -> f64 {
        let side = self.side(value);
        let magnitude = value.abs();
        let beyond = side.beyond(magnitude) / self.weight;
        // It counts as one itself; as less, the further it lies beyond all others.
        let itself = if magnitude > side.largest {
            (side.largest.max(1.0) / magnitude.max(1.0)).powf(self.index)
        } else {
            1.0
        };
        ((beyond + itself) / (self.total / self.weight + 1.0)).min(1.0)
    }

    /// The magnitude on the side of `sign` beyond which a value has this probability.
    pub(super) fn quantile(&self, sign: f64, probability: f64) -> f64 {
        let (mut low, mut high) = (LOWEST, LOWEST + BINS as f64 / BINS_OF_OCTAVE);
        // To a hundredth of a bin.
        for _ in 0..12 {
            let middle = f64::midpoint(low, high);
            if self.probability(middle.exp2().copysign(sign)) > probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        high.exp2()
    }

    pub(super) fn add(&mut self, value: f64) {
        let growth = 1.0 + 1.0 / MEMORY;
        let weight = self.weight;
        let side = if value < 0.0 {
            &mut self.below
        } else {
            &mut self.above
        };
        let magnitude = value.abs();
        side.weights[bin(magnitude)] += weight as f32;
        side.largest = (side.largest / growth).max(magnitude);
        self.total += weight;
        self.weight *= growth;
        if self.weight > HEAVIEST {
            self.lighten();
        }
    }

    fn lighten(&mut self) {
        for side in [&mut self.above, &mut self.below] {
            for weight in &mut side.weights {
                *weight /= self.weight as f32;
            }
        }
        self.total /= self.weight;
        self.weight = 1.0;
    }
}

impl Side {
    /// The weight of the larger magnitudes, and half of that in the same bin.
    fn beyond(&self, magnitude: f64) -> f64 {
        let bin = bin(magnitude);
        let larger: f32 = self.weights[bin + 1..].iter().sum();
        f64::from(larger + 0.5 * self.weights[bin])
    }
}

/// The cast saturates, so that zero is in the first bin.
fn bin(magnitude: f64) -> usize {
    (((magnitude.log2() - LOWEST) * BINS_OF_OCTAVE) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Tail {
        let mut tail = Tail::new(1.0);
        for value in values {
            tail.add(value);
        }
        tail
    }

    #[test]
    fn the_probability_is_the_share_of_what_was_as_far_out_on_the_same_side() {
        let tail = of((1..=1000).map(|number| f64::from(number) / 100.0));
        for (value, share) in [(9.0, 0.1), (5.0, 0.5), (1.0, 0.9)] {
            let probability = tail.probability(value);
            assert!((probability - share).abs() < 0.1, "{value}: {probability}");
        }
        assert!(tail.probability(-5.0) < 0.001, "nothing was below");
    }

    #[test]
    fn what_was_never_seen_is_the_rarer_the_further_out_and_never_impossible() {
        let tail = of(std::iter::repeat_n(1.0, 100));
        let near = tail.probability(2.0);
        let far = tail.probability(1e9);
        assert!(near < 0.01 && far < near && far > 0.0, "{near} {far}");
    }

    #[test]
    fn a_quantile_is_where_its_probability_is() {
        let tail = of((0..2000).map(|number| f64::from(number % 100) / 10.0 - 5.0));
        for sign in [1.0, -1.0] {
            let magnitude = tail.quantile(sign, 0.01);
            let probability = tail.probability(magnitude * sign);
            assert!(
                (0.0004..=0.011).contains(&probability),
                "{magnitude} {probability}"
            );
        }
    }

    #[test]
    fn a_year_of_values_leaves_it_as_exact_as_before() {
        let mut tail = Tail::new(1.0);
        for number in 0..2_000_000_u32 {
            tail.add(f64::from(number % 100));
        }
        let probability = tail.probability(50.0);
        assert!((0.4..0.6).contains(&probability), "{probability}");
        assert!(tail.weight <= HEAVIEST && tail.total.is_finite());
    }
}
