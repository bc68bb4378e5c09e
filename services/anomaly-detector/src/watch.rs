//! One series under watch: its model, and whether it is out of the ordinary just now.
//!
//! ```text
//! quiet ── half a minute out of its band, and far ───▶ unusual ── within, for a while ──▶ quiet
//!       ── missing, for two rounds ─────────────────▶
//! ```

use serde::{Deserialize, Serialize};

use crate::config::{Direction, SeriesConfig};
use crate::model::{Band, Model};

/// How many values running are far out before something is found, and for how many seconds: one event,
/// such as a single error or a short hiccup, shows in a rate over 30 s for less than that.
const RUNNING: u32 = 2;
const LASTS: f64 = 30.0;

/// For how many seconds a series is missing before something is found: two rounds of 15 s, and longer
/// than the restart of a service.
const MISSING: f64 = 15.0;

/// How many values are the start of a series, cold caches and first connections: five minutes at 15 s.
/// They say nothing of what is usual, and are forgotten after it.
const START: u64 = 20;

/// A series is over its anomaly after so many values within its band: five minutes at 15 s.
const WITHIN: u32 = 20;

/// From how many values on something is found: ten minutes at 15 s.
const LEARNED: u64 = 40;

/// A series that was there in so large a share of the last times is missed when it is not.
const STEADY: f64 = 0.95;

/// For how many values running an anomaly is not learned; after an hour at 15 s it is the new level of
/// the series.
const FOREIGN: u32 = 240;

/// A series is forgotten after it was missing for so long: two days at 15 s.
const FORGOTTEN: u32 = 11_520;

/// What was seen last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Seconds since 1970.
    pub(crate) time: f64,
    /// `None` when it is missing.
    pub(crate) observed: Option<f64>,
    pub(crate) band: Option<Band>,
    pub(crate) score: f64,
}

/// What a value has brought to light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Finding {
    /// When it began, in seconds since 1970.
    pub(crate) began: f64,
    pub(crate) observed: Option<f64>,
    pub(crate) band: Band,
    /// How far out of the band, in halves of it.
    pub(crate) strength: f64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Watch {
    model: Model,
    config: SeriesConfig,
    must_exist: bool,
    values: u64,
    /// The share of the last times at which it was there.
    presence: f64,
    out: u32,
    /// Values running that were not learned.
    foreign: u32,
    missing: u32,
    within: u32,
    /// When what is out of the ordinary began.
    began: Option<f64>,
    unusual: bool,
    seen: Option<Seen>,
}

impl Watch {
    pub(crate) fn new(config: &SeriesConfig, must_exist: bool) -> Self {
        Self {
            model: Model::new(config),
            must_exist,
            config: config.clone(),
            values: 0,
            presence: 1.0,
            out: 0,
            foreign: 0,
            missing: 0,
            within: 0,
            began: None,
            unusual: false,
            seen: None,
        }
    }

    /// Goes on with other settings; the seasons stay.
    pub(crate) fn set(&mut self, config: &SeriesConfig, must_exist: bool) {
        self.model.set(config.direction, config.tolerance);
        self.config = config.clone();
        self.must_exist = must_exist;
    }

    /// What is expected at a time.
    #[cfg(test)]
    pub(crate) fn expected(&self, time: f64) -> Option<Band> {
        self.model.expect(time)
    }

    /// Takes the value of a time, which is after all before, or that it is missing. Something is
    /// found once, when it is sure.
    pub(crate) fn take(&mut self, time: f64, value: Option<f64>) -> Option<Finding> {
        let band = self.model.expect(time);
        let strength = match (value, band) {
            (Some(value), Some(band)) => self.strength(value, band),
            _ => 0.0,
        };
        self.presence += (f64::from(u8::from(value.is_some())) - self.presence) / 100.0;
        let score = self.learn(time, value, band, strength);
        let unusual = match (value, band) {
            (Some(value), Some(band)) => strength > 0.0 && band.is_far_out(value),
            (Some(_), None) => false,
            (None, _) => self.must_exist && self.presence >= STEADY,
        };
        let has_learned = self.values >= LEARNED;
        let is_out = has_learned && (unusual || strength > 1.0);
        let found = self.step(time, is_out, has_learned && unusual, value.is_none());
        if found.is_some() {
            self.model.discard_latest();
        }
        let score = if self.unusual {
            score.max(FOUND_SCORE)
        } else {
            score
        };
        self.seen = Some(Seen {
            time,
            observed: value,
            band,
            score,
        });
        let began = found?;
        Some(Finding {
            began,
            observed: value,
            band: band?,
            // One that is gone is as far out as can be said.
            strength: if value.is_none() {
                f64::from(u16::MAX)
            } else {
                strength
            },
        })
    }

    /// How far out of the band a value is, in halves of it; 0 on the side that does not matter.
    fn strength(&self, value: f64, band: Band) -> f64 {
        let deviation = value - band.expected;
        if deviation > 0.0 && self.config.direction != Direction::Down {
            deviation / (band.upper - band.expected)
        } else if deviation < 0.0 && self.config.direction != Direction::Up {
            deviation / (band.lower - band.expected)
        } else {
            0.0
        }
    }

    /// Learns a value, and says how unusual it was. What is out of the band is not learned, or an
    /// anomaly would make the next one usual; but the first value of it is, at the border: what leaves
    /// the band again and again moves it, slowly.
    fn learn(&mut self, time: f64, value: Option<f64>, band: Option<Band>, strength: f64) -> f64 {
        let Some(value) = value else { return 0.0 };
        self.values += 1;
        if self.values == START {
            self.model = Model::new(&self.config);
        }
        let foreign = strength > 1.0 && self.values > LEARNED;
        if !foreign {
            self.foreign = 0;
        }
        // After an hour it is a new level, and all of it is learned until that is within the band.
        let Some(band) = band.filter(|_| foreign && self.foreign < FOREIGN) else {
            return self.model.observe(time, Some(value));
        };
        let score = self.model.clone().observe(time, Some(value));
        if self.foreign == 0 {
            let border = band.expected + (value - band.expected) / strength;
            self.model.observe(time, Some(border));
        }
        self.foreign += 1;
        score
    }

    /// The time counts from when it left the band; to be found, it has to have gone far.
    fn step(&mut self, time: f64, is_out: bool, unusual: bool, missing: bool) -> Option<f64> {
        self.missing = if missing {
            self.missing.saturating_add(1)
        } else {
            0
        };
        if unusual {
            self.within = 0;
            self.out = self.out.saturating_add(1);
        } else {
            self.within += 1;
            self.out = 0;
        }
        if self.unusual && self.within >= WITHIN {
            self.unusual = false;
            self.began = None;
        }
        if self.unusual {
            return None;
        }
        self.began = self.began.or(Some(time)).filter(|_| is_out);
        let lasts = if missing { MISSING } else { LASTS };
        let began = self.began.filter(|began| time - began >= lasts)?;
        self.unusual = self.out >= RUNNING;
        self.unusual.then_some(began)
    }

    /// What was seen last; `None` before the first value, and when it has been missing for a while.
    pub(crate) fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Whether something was found that is not over.
    pub(crate) const fn is_unusual(&self) -> bool {
        self.unusual
    }

    /// Whether it can be forgotten.
    pub(crate) const fn is_gone(&self) -> bool {
        self.missing > FORGOTTEN
    }
}

/// The score of a series while something that was found is not over.
const FOUND_SCORE: f64 = 0.99;

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: u32 = 15;
    const NONE: [u32; 0] = [];

    fn noise(index: u32) -> f64 {
        f64::from(index.wrapping_mul(2_654_435_761) >> 7 & 0xff) / 256.0
    }

    /// A series that has learned so many values between 10 and 11.
    fn learned(values: u32) -> Watch {
        let mut watch = Watch::new(&SeriesConfig::default(), true);
        for index in 0..values {
            let found = watch.take(f64::from(index * STEP), Some(10.0 + noise(index)));
            assert_eq!(found, None);
        }
        watch
    }

    /// Takes more values at this level, from an index on; at which of them something is found.
    fn go(watch: &mut Watch, from: u32, values: u32, level: f64) -> Vec<u32> {
        let found = (0..values).filter(|index| {
            let index = from + index;
            let value = level + noise(index);
            watch.take(f64::from(index * STEP), Some(value)).is_some()
        });
        found.collect()
    }

    #[test]
    fn what_lasts_is_found_once_after_half_a_minute_and_is_over_when_it_is_back() {
        for age in [100, 5000] {
            let mut watch = learned(age);
            assert_eq!(go(&mut watch, age, 40, 20.0), [2], "{age}");
            assert!(watch.is_unusual());
            assert_eq!(go(&mut watch, age + 40, WITHIN, 10.0), NONE);
            assert!(!watch.is_unusual());
            assert_eq!(
                go(&mut watch, age + 60, 40, 20.0),
                [2],
                "the first is not usual now"
            );
        }
    }

    #[test]
    fn a_rate_that_falls_to_next_to_nothing_is_found_however_wide_its_band_is() {
        let mut watch = Watch::new(&SeriesConfig::default(), true);
        for index in 0..200 {
            let value = 4.0 + 8.0 * noise(index);
            assert_eq!(watch.take(f64::from(index * STEP), Some(value)), None);
        }
        let mut at = |index: u32, value| watch.take(f64::from(index * STEP), Some(value)).is_some();
        let low = (200..220).any(|index| at(index, 1.5));
        assert!(!low, "low, and not nothing");
        let nothing = (220..230).any(|index| at(index, 0.1));
        assert!(nothing);
    }

    #[test]
    fn a_single_event_in_the_window_of_a_rate_is_not_found() {
        let mut watch = learned(200);
        assert_eq!(go(&mut watch, 200, 2, 50.0), NONE);
        assert_eq!(go(&mut watch, 202, 40, 10.0), NONE);
    }

    #[test]
    fn what_is_missing_is_found_after_two_rounds() {
        let mut watch = learned(200);
        assert_eq!(watch.take(200.0 * 15.0, None), None);
        let found = watch.take(201.0 * 15.0, None).unwrap();
        assert_eq!((found.began, found.observed), (3000.0, None));
    }

    #[test]
    fn what_ends_is_forgotten_after_two_days_however_young_it_was() {
        for age in [5, 100] {
            let mut watch = learned(age);
            for index in age..=age + FORGOTTEN {
                assert!(!watch.is_gone(), "{age}: {index}");
                watch.take(f64::from(index * STEP), None);
            }
            assert!(watch.is_gone(), "{age}");
        }
    }

    #[test]
    fn a_new_level_is_usual_after_an_hour_and_a_half() {
        for age in [100, 500, 20_000] {
            let mut watch = learned(age);
            assert_eq!(go(&mut watch, age, FOREIGN, 20.0), [2], "{age}");
            assert!(watch.is_unusual(), "{age}");
            assert_eq!(
                go(&mut watch, age + FOREIGN, FOREIGN / 2, 20.0),
                NONE,
                "{age}"
            );
            assert!(!watch.is_unusual(), "{age}: {:?}", watch.seen());
        }
    }
}
