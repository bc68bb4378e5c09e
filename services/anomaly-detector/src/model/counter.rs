//! A counter: it only grows, and begins anew when its process does. What is learned is its rate.

use serde::{Deserialize, Serialize};

use super::Band;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counter {
    last: Option<(f64, f64)>,
}

impl Counter {
    /// The rate since the value before, a second; `None` for the first, for one at the same time, and
    /// where it began anew.
    pub(super) fn rate(&mut self, time: f64, value: f64) -> Option<f64> {
        let (then, before) = self.last.replace((time, value))?;
        (time > then && value >= before).then(|| (value - before) / (time - then))
    }

    /// Where the counter is after growing at the rates of a band.
    pub(super) fn band(&self, time: f64, rates: Band) -> Option<Band> {
        let (then, before) = self.last?;
        let at = |rate: f64| before + rate * (time - then).max(0.0);
        Some(Band {
            expected: at(rates.expected),
            lower: at(rates.lower.max(0.0)),
            upper: at(rates.upper),
            outer_lower: at(rates.outer_lower.max(0.0)),
            outer_upper: at(rates.outer_upper),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_begins_anew_has_no_rate_there() {
        let mut counter = Counter::default();
        let rates: Vec<_> = [
            (0.0, 10.0),
            (10.0, 30.0),
            (20.0, 5.0),
            (30.0, 25.0),
            (30.0, 25.0),
        ]
        .into_iter()
        .map(|(time, value)| counter.rate(time, value))
        .collect();
        assert_eq!(rates, [None, Some(2.0), None, Some(2.0), None]);
    }
}
