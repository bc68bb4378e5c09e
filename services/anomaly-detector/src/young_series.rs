//! Series that are new: what is found of them in their first two hours, and what is wrongly found.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::{Direction, SeriesConfig};
use crate::synthetic_week::{DAY, FAULTS, HOUR, Run, STEP};
use crate::watch::Watch;

const MINUTE: u64 = 60;

/// Of how many faults of each kind and age.
const ROUNDS: u64 = 8;

#[test]
fn faults_of_young_series_are_found_within_a_minute() {
    let ages = [10, 20, 40, 80];
    let mut table = Vec::new();
    for fault in FAULTS {
        let found = ages.map(|age| {
            let found = |round: &u64| {
                // Any time of the day.
                let mut run = Run::new(100 + *round, round * 3 * HOUR);
                run.go((age + 1) * MINUTE, None);
                let before = run.found.len();
                run.go(60, Some(fault));
                run.found.len() > before
            };
            (0..ROUNDS).filter(found).count()
        });
        table.push((fault, found));
    }
    let found: usize = table.iter().flat_map(|(_, found)| found).sum();
    let tried = table.len() * ages.len() * ROUNDS as usize;
    assert!(
        100 * found >= 95 * tried,
        "at {ages:?} minutes, of {ROUNDS}: {table:#?}"
    );
    // A shop with few orders tells little in ten minutes.
    let each = table.iter().flat_map(|(_, found)| found);
    assert!(
        each.copied().min() >= Some(6),
        "at {ages:?} minutes, of {ROUNDS}: {table:#?}"
    );
}

/// Requests, and those of them that fail.
struct Errors {
    random: ChaCha8Rng,
    step: u64,
    /// Requests and errors of the last seconds.
    seconds: Vec<(f64, f64)>,
}

impl Errors {
    /// The ratio of the next time, over the 30 seconds before it.
    fn next(&mut self, share: f64, rate: f64) -> f64 {
        for _ in 0..self.step {
            let requests = (rate * (0.5 + self.random.random::<f64>())).round();
            let errors = (0..requests as u32)
                .filter(|_| self.random.random_bool(share))
                .count();
            self.seconds.push((requests, errors as f64));
        }
        let (requests, errors) = self
            .seconds
            .iter()
            .rev()
            .take(30)
            .fold((0.0, 0.0), |sum, second| {
                (sum.0 + second.0, sum.1 + second.1)
            });
        if requests > 0.0 {
            errors / requests
        } else {
            0.0
        }
    }
}

#[test]
fn a_burst_of_errors_that_grows_through_the_window_of_its_rate_is_found_within_a_minute() {
    for step in [3, 5, 15] {
        for usual in [0.0, 0.001, 0.005] {
            for seed in 0..10 {
                let mut errors = Errors {
                    random: ChaCha8Rng::seed_from_u64(seed),
                    step,
                    seconds: Vec::new(),
                };
                let config = SeriesConfig {
                    direction: Direction::Up,
                    tolerance: 0.02,
                    ..SeriesConfig::default()
                };
                let mut watch = Watch::new(&config, false);
                let mut time = 0;
                while time < 15 * MINUTE {
                    time += step;
                    let value = errors.next(usual, 20.0);
                    assert_eq!(watch.take(time as f64, Some(value)), None);
                }
                let found = (0..60 / step).find_map(|_| {
                    time += step;
                    watch.take(time as f64, Some(errors.next(0.07, 20.0)))
                });
                assert!(
                    found.is_some(),
                    "every {step} s, {usual} usual, {seed}: {:?}",
                    watch.seen()
                );
            }
        }
    }
}

/// An ordinary series: some kind of noise about a level, with a wave.
fn ordinary(seed: u64) -> (SeriesConfig, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let phase = random.random::<f64>() * std::f64::consts::TAU;
    let (mut walk, mut before) = (0.0, 0.0);
    let value = |index: u64| {
        let normal = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let wave = (index as f64 * STEP as f64 / DAY as f64 * std::f64::consts::TAU + phase).sin();
        match seed % 6 {
            // A rate over two steps.
            0 => {
                let now = 8.0 + 4.0 * wave + 0.8 * normal;
                f64::midpoint(now, std::mem::replace(&mut before, now))
            }
            // Response times with a heavy tail.
            1 => 0.01 * (0.5 * normal).exp(),
            // Mostly zero, and now and then not, for the window of a rate.
            2 => {
                let now = f64::from(u8::from(random.random_bool(0.01))) * 0.05;
                f64::midpoint(now, std::mem::replace(&mut before, now))
            }
            // What stays where it was for some minutes.
            3 => {
                walk = 0.9 * walk + normal;
                100.0 + walk
            }
            // Whole numbers.
            4 => (3.0 + wave + normal).round().max(0.0),
            // Steps of an allocator.
            _ => {
                if random.random_bool(0.01) {
                    walk += random.random::<f64>();
                }
                14.0 + walk + 0.05 * normal
            }
        }
    };
    let config = SeriesConfig {
        // As the shop's own query has it for memory.
        tolerance: if seed % 6 == 5 { 4.0 } else { 0.0 },
        ..SeriesConfig::default()
    };
    (config, (0..2 * HOUR / STEP).map(value).collect())
}

#[test]
fn ordinary_series_have_hardly_a_false_alarm_in_their_first_two_hours() {
    // Each of these is thirty series of six kinds.
    for round in 0..10 {
        let mut found = Vec::new();
        for seed in 30 * round..30 * (round + 1) {
            let (config, values) = ordinary(seed);
            let mut watch = Watch::new(&config, true);
            for (index, value) in (0..).zip(values) {
                let finding = watch.take((index * STEP) as f64, Some(value));
                found.extend(finding.map(|finding| (seed, index, finding)));
            }
        }
        assert!(found.len() <= 2, "{found:#?}");
    }
}
