//! Requests that start at fixed times, whether or not earlier ones have been answered.
//!
//! A closed loop stops asking while the shop is slow, and so leaves out just the answers that
//! would have been the slowest (Gil Tene's "coordinated omission"). Here each request has a
//! moment at which it should start, and its latency counts from there, waiting for a free place
//! included.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::args::{Args, Length};
use crate::record::Record;
use crate::scenario::{Scenario, Step};
use crate::shop::Shop;

/// Runs for the length that was asked for, and then until the last answer has come.
pub(crate) async fn run(
    args: &Arc<Args>,
    shop: &Arc<Shop>,
    record: &Arc<Record>,
    products: Vec<String>,
    seed: u64,
    rate: f64,
) {
    let places = Arc::new(Semaphore::new(args.max_in_flight as usize));
    let mut steps = Steps {
        scenario: Scenario::new(args, seed, 0),
        products,
        planned: VecDeque::new(),
    };
    let mut requests = JoinSet::new();
    let begun = Instant::now();
    for number in 0_u32.. {
        let offset = Duration::from_secs_f64(f64::from(number) / rate);
        if matches!(args.duration, Length::For(length) if offset >= length) {
            break;
        }
        let intended = begun + offset;
        if intended > Instant::now() {
            tokio::time::sleep_until(intended.into()).await;
        }
        let (shop, record) = (Arc::clone(shop), Arc::clone(record));
        let (places, restock, step) = (Arc::clone(&places), args.restock, steps.next());
        requests.spawn(async move {
            let _place = places.acquire().await;
            let outcome = shop.take(&step, restock).await;
            record.add(outcome, intended.elapsed());
        });
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
}

/// The same mix as that of the users, one request after the other.
struct Steps {
    scenario: Scenario,
    products: Vec<String>,
    planned: VecDeque<Step>,
}

impl Steps {
    fn next(&mut self) -> Step {
        while self.planned.is_empty() {
            if self.scenario.lists() {
                self.planned.push_back(Step::List);
            }
            self.planned.extend(self.scenario.round(&self.products));
        }
        self.planned.pop_front().unwrap_or(Step::List)
    }
}
