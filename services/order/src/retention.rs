//! How long idempotency keys are kept.
//!
//! A client repeats a request within seconds, a job that was stopped on Friday on Monday: a week
//! covers both, and a clock that is set forward or back by hours or a day. Kept without an end
//! they would come to outweigh the orders themselves. Orders are kept; see [`crate::ledger`].

use std::time::Duration;

use crate::ledger::Ledger;

const KEYS: Duration = Duration::from_hours(7 * 24);

/// Forgets old keys until it is dropped.
pub(crate) async fn run(ledger: Ledger) {
    store::forget_old("idempotency keys", |limit| ledger.forget_keys(KEYS, limit)).await;
}
