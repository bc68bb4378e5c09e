//! The open loop: requests that start at fixed times, whether or not earlier ones have been
//! answered.
//!
//! A closed loop sends less while the shop is slow, and so leaves out the very requests that would
//! have been the slowest (Gil Tene's "coordinated omission"). Here each request has a time at which
//! it should start, and its latency counts from there. The number of requests in flight is bounded:
//! one that is due then waits, which counts as latency and takes no memory, since its time follows
//! from its number. One that still waits when the run ends has failed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::args::Length;
use crate::failure::{Failure, Kind};
use crate::scenario::Scenario;
use crate::schedule::Schedule;
use crate::step::Step;
use crate::traffic::Traffic;

/// Runs until the traffic has ended and the last answer has arrived.
pub(crate) async fn run(traffic: &Arc<Traffic>, products: Vec<String>, rate: f64) {
    let places = Arc::new(Semaphore::new(traffic.args.max_in_flight as usize));
    let mut steps = Steps {
        scenario: Scenario::new(&traffic.args, traffic.seed, 0),
        products,
        planned: VecDeque::new(),
    };
    let mut requests = JoinSet::new();
    let mut start = |place: OwnedSemaphorePermit, step: Step, intended: Instant| {
        traffic.record.started_late(intended.elapsed());
        let traffic = Arc::clone(traffic);
        requests.spawn(async move {
            // A failure is in the record.
            let _ = traffic.take(&step, intended).await;
            drop(place);
        });
        while requests.try_join_next().is_some() {}
    };

    let schedule = Schedule::begin(rate);
    let end = match traffic.args.length() {
        Length::For(length) => schedule.intended(0).checked_add(length),
        Length::Forever => None,
    };
    let ended = traffic.ended();
    tokio::pin!(ended);
    let mut number = 0;
    while end.is_none_or(|end| schedule.intended(number) < end) {
        tokio::select! {
            place = next(&schedule, &places) => {
                start(place, steps.next(), schedule.intended(number));
                number += 1;
            }
            () = &mut ended => break,
        }
    }

    // What is due by now should have started. It still may if there is a place, since this host may
    // be a little late.
    let end = end.map_or_else(Instant::now, |end| end.min(Instant::now()));
    while schedule.intended(number) < end {
        let (step, intended) = (steps.next(), schedule.intended(number));
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            start(place, step, intended);
        } else {
            let waited = intended.elapsed();
            let outcome = Err(not_started(waited));
            traffic.record.add(step.endpoint(), &outcome, waited);
        }
        number += 1;
    }
    while requests.join_next().await.is_some() {}
}

/// Waits until the next request is due, and then for a place.
async fn next(schedule: &Schedule, places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    schedule.next().await;
    let place = Arc::clone(places).acquire_owned().await;
    place.expect("the semaphore is never closed")
}

fn not_started(waited: Duration) -> Failure {
    let waited = waited.as_secs_f64();
    let detail = format!("no free place within --max-in-flight for {waited:.1} s");
    Failure::unanswered(Kind::NotStarted, detail)
}

/// The steps of one user after another, without their pauses.
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
