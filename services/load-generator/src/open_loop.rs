//! Requests that start at fixed times, whether or not earlier ones have been answered.
//!
//! A closed loop stops asking while the shop is slow, and so leaves out just the answers that
//! would have been the slowest (Gil Tene's "coordinated omission"). Here each request has a
//! moment at which it should start, and its latency counts from there. The requests under way
//! are bounded; one that is due and finds no free place waits, its waiting counts, and it costs
//! no memory, since its moment follows from its number. One that still waits when the run ends
//! has failed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::args::Length;
use crate::failure::{Failure, Kind};
use crate::scenario::{Scenario, Step};
use crate::schedule::Schedule;
use crate::traffic::Traffic;

/// Runs until the traffic has ended, and then until the last answer has come.
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

    // Whatever was due by now should have started. It still may where there is a place: this
    // host can be a little late.
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

/// A place for the next request, when it is due.
async fn next(schedule: &Schedule, places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    schedule.next().await;
    let place = Arc::clone(places).acquire_owned().await;
    place.expect("nobody closes it")
}

fn not_started(waited: Duration) -> Failure {
    let waited = waited.as_secs_f64();
    let detail = format!("no free place within --max-in-flight for {waited:.1} s");
    Failure::unanswered(Kind::NotStarted, detail)
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
