//! How long idempotency keys are kept.
//!
//! A client repeats a request within seconds, a job that was stopped on Friday on Monday: a week
//! covers both, and a clock that is set forward or back by hours or a day. Kept without an end
//! they would come to outweigh the orders themselves. Orders are kept; see [`crate::ledger`].

use std::time::Duration;

use crate::ledger::Ledger;

const KEYS: Duration = Duration::from_hours(7 * 24);

/// How often old keys are looked for: seldom enough to cost nothing, often enough that a minute's
/// worth of them is little work.
const INTERVAL: Duration = Duration::from_mins(1);

/// How many are deleted in one transaction: a millisecond or two, which delays no order.
const BATCH: u32 = 200;

/// The pause between two batches: the disk belongs to orders.
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets old keys until it is dropped. Begins after an interval: a start has more urgent work.
pub(crate) async fn run(ledger: Ledger) {
    let mut pause = INTERVAL;
    loop {
        tokio::time::sleep(pause).await;
        let forgotten = ledger.forget_keys(KEYS, BATCH).await;
        pause = match forgotten {
            Ok(keys) if keys == BATCH as usize => PAUSE,
            Ok(_) => INTERVAL,
            Err(error) => {
                // No order waits for it, and the store's health says it louder.
                tracing::debug!(%error, "old idempotency keys cannot be deleted now: {error}");
                INTERVAL
            }
        };
    }
}
