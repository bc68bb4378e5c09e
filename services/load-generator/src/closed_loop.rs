//! Users who wait for an answer before they go on, and think in between.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::args::Args;
use crate::record::Record;
use crate::scenario::Scenario;
use crate::shop::Shop;

/// Runs until it is dropped.
pub(crate) async fn run(args: &Arc<Args>, shop: &Arc<Shop>, record: &Arc<Record>, seed: u64) {
    let mut users = JoinSet::new();
    for user in 0..args.users {
        let scenario = Scenario::new(args, seed, u64::from(user));
        users.spawn(live(
            Arc::clone(args),
            Arc::clone(shop),
            Arc::clone(record),
            scenario,
        ));
    }
    while users.join_next().await.is_some() {}
}

async fn live(args: Arc<Args>, shop: Arc<Shop>, record: Arc<Record>, mut scenario: Scenario) {
    let mut products = Vec::new();
    loop {
        if scenario.lists() || products.is_empty() {
            let begun = Instant::now();
            let (outcome, listed) = shop.list().await;
            record.add(outcome, begun.elapsed());
            // While the list cannot be had, a user buys what was on it before.
            products = listed.unwrap_or(products);
        }
        for step in scenario.round(&products) {
            let begun = Instant::now();
            let outcome = shop.take(&step, args.restock).await;
            record.add(outcome, begun.elapsed());
        }
        let pause = scenario.pause();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}
