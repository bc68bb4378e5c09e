//! How long refusals are kept.
//!
//! A refusal is needed while another attempt of its order may be under way, which its time limits
//! end within seconds. A week also covers a machine that was suspended over a holiday with an
//! attempt in its memory, and a clock that is set forward by hours or a day. Reservations are kept
//! without end; [`crate::shelves`] says why.

use std::time::Duration;

use crate::shelves::Shelves;

const REFUSALS: Duration = Duration::from_hours(7 * 24);

/// Forgets old refusals until it is dropped.
pub(crate) async fn run(shelves: Shelves) {
    store::forget_old("refusals", |limit| shelves.forget_refusals(REFUSALS, limit)).await;
}
