//! What the next value should be: simple forecasts side by side, weighted by how well each did so far
//! ("exponential smoothing", Hyndman and Athanasopoulos, "Forecasting: Principles and Practice",
//! chapter 8, and naive ones).
//!
//! By hand: `augurs` fits ETS and MSTL to a whole series, and again for each value; these are a few
//! additions a value, and which of them fits shows by itself.

use serde::{Deserialize, Serialize};

use super::average::Average;
use super::season::{DAY, Season, WEEK};
use crate::config::Season as Seasons;

/// How much the better forecast is preferred: the weight of one is its error to this power, inverted.
const PREFERENCE: f64 = 4.0;

/// Over how many values a forecast is judged, and from how many on it is.
const JUDGED: f64 = 1000.0;
const JUDGED_FROM: f64 = 10.0;

/// Over how many values a level goes that is to stay out of what happens now.
const SLOW: f64 = 3000.0;

/// Over how many values a level goes that is to follow.
const FAST: f64 = 10.0;

/// Over how many values a season is shifted to where the series is now.
const SHIFT: f64 = 20.0;

/// Parts of a day: five minutes each, as often as clouds measure.
const DAY_PARTS: usize = 288;

/// Parts of a week: half an hour each.
const WEEK_PARTS: usize = 336;

/// Over how many values a level goes that is to follow the hour: an hour at 15 s.
const HOUR: f64 = 240.0;

/// How many forecasts there are; the first [`FAR`] do not follow what happens now.
const ALL: usize = 8;
const FAR: usize = 3;

/// All forecasts of one series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Forecasts {
    last: Option<f64>,
    fast: Average,
    slow: Average,
    hour: Average,
    /// The mean of the slow means: it lags as far behind them as they do behind a trend (Brown).
    slower: Average,
    day: Option<Season>,
    week: Option<Season>,
    /// How far above the season the last values were.
    above_day: Average,
    above_week: Average,
    /// The mean absolute error of each.
    errors: [Average; ALL],
    hour_error: Average,
}

/// What is expected: near, from what happens now, and far, from what was usual before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forecast {
    pub(super) near: f64,
    pub(super) far: f64,
    /// As far, but following the hours: on its first day a series has no season to go by.
    pub(super) usual: f64,
}

impl Forecasts {
    pub(super) fn new(seasons: Seasons) -> Self {
        let day = seasons != Seasons::None;
        let week = matches!(seasons, Seasons::Auto | Seasons::Weekly);
        Self {
            last: None,
            fast: Average::new(FAST),
            slow: Average::new(SLOW),
            hour: Average::new(HOUR),
            slower: Average::new(SLOW),
            day: day.then(|| Season::new(DAY, DAY_PARTS)),
            week: week.then(|| Season::new(WEEK, WEEK_PARTS)),
            above_day: Average::new(SHIFT),
            above_week: Average::new(SHIFT),
            errors: [Average::new(JUDGED); ALL],
            hour_error: Average::new(JUDGED),
        }
    }

    /// The forecast for a time; `None` before the first value.
    pub(super) fn get(&self, time: f64) -> Option<Forecast> {
        let each = self.each(time);
        let judged = || each.iter().copied().zip(&self.errors);
        let hour = (self.hour.get(), &self.hour_error);
        Some(Forecast {
            near: weighted(judged())?,
            far: weighted(judged().take(FAR))?,
            usual: weighted(judged().take(FAR).chain([hour]))?,
        })
    }

    fn each(&self, time: f64) -> [Option<f64>; ALL] {
        let slow = self.slow.get();
        let trend = slow
            .zip(self.slower.get())
            .map(|(slow, slower)| 2.0 * slow - slower);
        let day = self.day.as_ref().and_then(|day| day.get(time));
        let week = self.week.as_ref().and_then(|week| week.get(time));
        let shifted = |season: Option<f64>, above: &Average| Some(season? + above.get()?);
        [
            slow,
            day,
            week,
            trend,
            self.last,
            self.fast.get(),
            shifted(day, &self.above_day),
            shifted(week, &self.above_week),
        ]
    }

    pub(super) fn add(&mut self, time: f64, value: f64) {
        let each = self.each(time).into_iter().zip(&mut self.errors);
        for (forecast, error) in each.chain([(self.hour.get(), &mut self.hour_error)]) {
            if let Some(forecast) = forecast {
                error.add((value - forecast).abs());
            }
        }
        let seasons = [
            (&mut self.day, &mut self.above_day),
            (&mut self.week, &mut self.above_week),
        ];
        for (season, above) in seasons {
            if let Some(season) = season {
                if let Some(usual) = season.get(time) {
                    above.add(value - usual);
                }
                season.add(time, value);
            }
        }
        self.last = Some(value);
        self.fast.add(value);
        self.slow.add(value);
        self.hour.add(value);
        self.slower.add(self.slow.get().unwrap_or(value));
    }

    /// After a gap nothing is known of what happens now.
    pub(super) fn forget_now(&mut self) {
        self.last = None;
        self.fast.forget();
        self.above_day.forget();
        self.above_week.forget();
    }
}

/// The mean of the forecasts that have been judged, weighted by their errors; else the first.
fn weighted<'a>(mut each: impl Iterator<Item = (Option<f64>, &'a Average)> + Clone) -> Option<f64> {
    let judged = each.clone().filter_map(|(forecast, error)| {
        let enough = error.seen() >= JUDGED_FROM;
        Some((forecast?, error.get().filter(|_| enough)?))
    });
    let best = judged
        .clone()
        .map(|(_, error)| error)
        .fold(f64::INFINITY, f64::min);
    let (mut sum, mut weights) = (0.0, 0.0);
    for (forecast, error) in judged {
        let weight = if error > best {
            (best / error).powf(PREFERENCE)
        } else {
            1.0
        };
        sum += weight * forecast;
        weights += weight;
    }
    if weights > 0.0 {
        Some(sum / weights)
    } else {
        each.find_map(|(forecast, _)| forecast)
    }
}
