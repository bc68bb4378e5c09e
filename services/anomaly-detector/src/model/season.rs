//! What is usual at this time of the day, or of the week: a mean for each part of the period.
//!
//! By hand: `augurs` and others fit a season to a whole series (MSTL), again and again for each new
//! value, and keep the series for that. This one costs the same after a minute and after a year.

use serde::{Deserialize, Serialize};

/// Seconds.
pub(super) const DAY: f64 = 86_400.0;
pub(super) const WEEK: f64 = 7.0 * DAY;

/// Over how many periods the mean of a part goes.
const PERIODS: f32 = 6.0;

/// A profile over one period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Season {
    /// Seconds.
    period: f64,
    parts: Vec<Part>,
    visit: Option<Visit>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Part {
    mean: f32,
    /// In how many periods it was seen, up to [`PERIODS`].
    periods: f32,
}

/// The values of the part that it is now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Visit {
    part: usize,
    sum: f64,
    values: f64,
}

impl Season {
    pub(super) fn new(period: f64, parts: usize) -> Self {
        Self {
            period,
            parts: vec![Part::default(); parts],
            visit: None,
        }
    }

    fn part(&self, time: f64) -> usize {
        let position = time.rem_euclid(self.period) / self.period * self.parts.len() as f64;
        (position as usize).min(self.parts.len() - 1)
    }

    /// What was usual at this time; `None` where nothing was seen in an earlier period.
    pub(super) fn get(&self, time: f64) -> Option<f64> {
        let part = self.parts[self.part(time)];
        (part.periods > 0.0).then_some(f64::from(part.mean))
    }

    /// The mean of a part moves when the part is over, or it would learn an anomaly while that goes
    /// on.
    pub(super) fn add(&mut self, time: f64, value: f64) {
        let part = self.part(time);
        match &mut self.visit {
            Some(visit) if visit.part == part => {
                visit.sum += value;
                visit.values += 1.0;
            }
            _ => {
                self.learn();
                self.visit = Some(Visit {
                    part,
                    sum: value,
                    values: 1.0,
                });
            }
        }
    }

    fn learn(&mut self) {
        if let Some(visit) = self.visit.take() {
            let part = &mut self.parts[visit.part];
            part.periods = (part.periods + 1.0).min(PERIODS);
            part.mean += ((visit.sum / visit.values) as f32 - part.mean) / part.periods;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_day_is_known_from_the_second_day_on_and_follows_slowly() {
        let mut day = Season::new(DAY, 24);
        let noon = 12.0 * 3600.0;
        day.add(noon, 10.0);
        day.add(noon + 60.0, 20.0);
        assert_eq!(day.get(noon), None, "it is still noon");
        day.add(noon + 3600.0, 0.0);
        assert_eq!(day.get(DAY + noon), Some(15.0));
        for period in 1..20 {
            day.add(f64::from(period) * DAY + noon, 30.0);
            day.add(f64::from(period) * DAY + noon + 3600.0, 0.0);
        }
        let usual = day.get(30.0 * DAY + noon).unwrap();
        assert!((28.0..=30.0).contains(&usual), "{usual}");
        assert_eq!(day.get(0.0), None);
    }

    #[test]
    fn every_time_has_a_part_also_before_1970() {
        let day = Season::new(DAY, 288);
        for time in [-1.0, -1e-12, 0.0, DAY, 1e12] {
            assert!(day.part(time) < 288, "{time}");
        }
    }
}
