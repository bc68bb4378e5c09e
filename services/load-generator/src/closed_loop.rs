//! The closed loop: users who wait for each answer, and think between their rounds.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::answers::Answered;
use crate::scenario::Scenario;
use crate::step::Step;
use crate::traffic::Traffic;

/// Runs until the traffic has ended and every user has the last answer.
pub(crate) async fn run(traffic: &Arc<Traffic>) {
    let mut users = JoinSet::new();
    for user in 0..traffic.args.users {
        let scenario = Scenario::new(&traffic.args, traffic.seed, u64::from(user));
        users.spawn(live(Arc::clone(traffic), scenario));
    }
    while users.join_next().await.is_some() {}
}

async fn live(traffic: Arc<Traffic>, mut scenario: Scenario) {
    let mut products = Vec::new();
    while !traffic.has_ended() {
        if scenario.lists() || products.is_empty() {
            let listed = traffic.take(&Step::List, Instant::now()).await;
            // Without a new list, a user buys from the old one.
            if let Ok(Answered::Products(listed)) = listed {
                products = listed;
            }
        }
        for step in scenario.round(&products) {
            if traffic.has_ended() {
                return;
            }
            // A failure is in the record; the user goes on.
            let _ = traffic.take(&step, Instant::now()).await;
        }
        let pause = scenario.pause();
        if !pause.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = traffic.ended() => {}
            }
        }
    }
}
