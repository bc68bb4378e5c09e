//! A week of the shop that nobody lived: the day's wave, noise as requests make it, deployments; and
//! what goes wrong in it. It holds what the detector promises: hardly ever a false alarm, and the
//! faults within a minute.

use std::collections::BTreeMap;

use prometheus_api::{Range, Series};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::Query;
use crate::detector::Detector;

pub(crate) const STEP: u64 = 15;
pub(crate) const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 24 * HOUR;

/// A Monday.
const START: u64 = 1_767_571_200;

const SERVICES: [&str; 5] = [
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    SlowDependency,
    ErrorBurst,
    OrdersDrop,
    Leak,
    StuckCounter,
    VanishedSeries,
}

pub(crate) const FAULTS: [Fault; 6] = [
    Fault::SlowDependency,
    Fault::ErrorBurst,
    Fault::OrdersDrop,
    Fault::Leak,
    Fault::StuckCounter,
    Fault::VanishedSeries,
];

/// The shop, a step of 15 seconds after the other.
#[derive(Clone)]
struct World {
    random: ChaCha8Rng,
    /// What was counted in the last step, by series: rates go over two.
    before: BTreeMap<String, f64>,
    memory: [f64; 5],
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            before: BTreeMap::new(),
            memory: [12e6; 5],
        }
    }

    /// Of independent events with this mean (Knuth; by the normal distribution where there are many).
    fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let limit = (-mean).exp();
        let (mut product, mut count) = (self.random.random::<f64>(), 0.0);
        while product > limit {
            product *= self.random.random::<f64>();
            count += 1.0;
        }
        count
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.random::<f64>()).sum::<f64>() - 6.0
    }

    /// A rate over the last two steps.
    fn rate(&mut self, series: &str, mean: f64) -> f64 {
        let now = self.poisson(mean * STEP as f64);
        self.over_two(series, now)
    }

    fn over_two(&mut self, series: &str, now: f64) -> f64 {
        let before = self.before.insert(series.to_owned(), now).unwrap_or(now);
        (now + before) / (2 * STEP) as f64
    }

    /// All series of a time, by query; `fault` since some seconds.
    fn step(&mut self, time: u64, fault: Option<(Fault, u64)>) -> Vec<(&'static str, Labels, f64)> {
        let fault_is = |kind| fault.is_some_and(|(fault, _)| fault == kind);
        let hour = (time % DAY) as f64 / HOUR as f64;
        // A fifth less around Saturday.
        let day_of_week = (time - START) as f64 / DAY as f64;
        let weekend = 0.9 - 0.1 * ((day_of_week - 5.5) / 7.0 * std::f64::consts::TAU).cos();
        // Between 2 and 10 requests a second, the most in the evening.
        let load = weekend * (6.0 + 4.0 * ((hour - 20.0) / 24.0 * std::f64::consts::TAU).cos());
        let mut all = Vec::new();
        for (index, service) in SERVICES.into_iter().enumerate() {
            if fault_is(Fault::VanishedSeries) && service == "inventory-service" {
                continue;
            }
            let labels = || vec![("job", service)];
            let rate = self.rate(&format!("rate {service}"), load);
            all.push(("rate", labels(), rate));
            let failing = fault_is(Fault::ErrorBurst) && service == "product-service";
            let errors = self.rate(
                &format!("errors {service}"),
                if failing { 0.3 * load } else { 0.0 },
            );
            all.push((
                "error_ratio",
                labels(),
                if rate > 0.0 { errors / rate } else { 0.0 },
            ));
            let slow = fault_is(Fault::SlowDependency) && index != 3;
            let usual = 0.012 * (1.0 + 0.03 * load) * (1.0 + 0.12 * self.normal()).max(0.3);
            all.push(("p95", labels(), if slow { usual + 0.3 } else { usual }));
            // The allocator's steps, and a restart of a deployment now and then.
            let memory = &mut self.memory[index];
            *memory += 0.02 * (14e6 + 1e5 * load - *memory);
            let mut held = *memory;
            if self.random.random::<f64>() < 0.00002 {
                self.memory[index] = 9e6;
            }
            if let Some((Fault::Leak, since)) = fault
                && service == "order-service"
            {
                held += 5e5 * since as f64;
            }
            let noise = 1.0 + 0.01 * self.normal();
            all.push(("memory", labels(), held * noise));
        }
        // Of the orders that are asked for, nine in ten are created.
        let asked = self.poisson(0.25 * load * STEP as f64);
        let share = match fault {
            Some((Fault::OrdersDrop, _)) => 0.2,
            Some((Fault::StuckCounter, _)) => 0.0,
            _ => 0.9,
        };
        let created = (0..asked as u32)
            .filter(|_| self.random.random_bool(share))
            .count() as f64;
        let asked = self.over_two("asked", asked);
        let created = self.over_two("created", created);
        let rejected = self.rate("rejected", 0.02 * load);
        let order = |result| vec![("job", "order-service"), ("result", result)];
        all.push(("orders", order("created"), created));
        all.push(("orders", order("rejected_stock"), rejected));
        if asked > 0.2 {
            all.push((
                "order_share",
                vec![("job", "order-service")],
                created / asked,
            ));
        }
        all.push(("orders_pending", vec![("job", "order-service")], 0.0));
        all
    }
}

type Labels = Vec<(&'static str, &'static str)>;

/// A detector and its world, which go through time together.
pub(crate) struct Run {
    detector: Detector,
    queries: Vec<Query>,
    world: World,
    time: u64,
    /// Every event: when it was found, and its first series.
    pub(crate) found: Vec<(u64, String)>,
}

impl Run {
    /// `after`: how many seconds after the beginning of the week.
    pub(crate) fn new(seed: u64, after: u64) -> Self {
        let queries = crate::config::read_queries(None).unwrap();
        Self {
            detector: Detector::new(queries.clone(), BTreeMap::new()),
            queries,
            world: World::new(seed),
            time: START + after,
            found: Vec::new(),
        }
    }

    pub(crate) fn go(&mut self, seconds: u64, fault: Option<Fault>) {
        let begin = self.time;
        while self.time < begin + seconds {
            let values = self
                .world
                .step(self.time, fault.map(|fault| (fault, self.time - begin)));
            for query in &self.queries {
                let of_query = values.iter().filter(|(name, _, _)| *name == query.name);
                let answer = of_query.map(|(_, labels, value)| Series {
                    metric: labels
                        .iter()
                        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                        .collect(),
                    values: vec![(self.time as f64, value.to_string())],
                });
                let range = Range {
                    start: self.time,
                    end: self.time,
                    step: STEP,
                };
                self.detector.feed(query, range, answer.collect(), 0);
            }
            for event in self.detector.events.new_ones() {
                event.told = true;
                let first = event.first();
                let what = format!("{} {} {:?}", first.query, first.labels, first.finding);
                self.found.push((self.time, what));
            }
            let mut events = std::mem::take(&mut self.detector.events);
            events.take_ended(|member| self.detector.is_unusual(&member.query, &member.labels));
            self.detector.events = events;
            self.time += STEP;
        }
    }
}

#[test]
fn an_ordinary_week_has_at_most_one_false_alarm() {
    let mut run = Run::new(1, 0);
    run.go(7 * DAY, None);
    assert!(run.found.len() <= 1, "{:#?}", run.found);
}

#[test]
fn of_a_hundred_faults_ninety_five_are_found_within_a_minute() {
    let mut run = Run::new(2, 0);
    run.go(2 * DAY, None);
    run.found.clear();
    let (mut tries, mut missed) = (0, Vec::new());
    for round in 0..17_u64 {
        for fault in FAULTS {
            // Any time of the day, and of the round.
            run.go(2 * HOUR + round * 7 * 60 + 15 * (round % 4), None);
            let before = run.found.len();
            let began = run.time;
            run.go(60, Some(fault));
            tries += 1;
            if run.found.len() == before {
                missed.push((fault, began % DAY / HOUR));
            }
            // Memory that leaked is given back, and what was shifted settles.
            run.go(4 * 60, Some(fault));
        }
    }
    assert!(missed.len() * 20 <= tries, "of {tries} missed: {missed:?}");
}
