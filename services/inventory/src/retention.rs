//! How long refusals are kept.
//!
//! A refusal is needed while another attempt of its order may be under way, which its time limits
//! end within seconds. A week also covers a machine that was suspended over a holiday with an
//! attempt in its memory, and a clock that is set forward by hours or a day. Reservations are kept
//! without end; [`crate::shelves`] says why.

use std::time::Duration;

use crate::shelves::Shelves;

const REFUSALS: Duration = Duration::from_hours(7 * 24);

/// How often old refusals are looked for: seldom enough to cost nothing, often enough that a
/// minute's worth of them is little work.
const INTERVAL: Duration = Duration::from_mins(1);

/// How many are deleted in one transaction: a millisecond or two, which delays no reservation.
const BATCH: u32 = 200;

/// The pause between two batches: the disk belongs to orders.
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets old refusals until it is dropped. Begins after an interval: a start has more urgent
/// work.
pub(crate) async fn run(shelves: Shelves) {
    let mut pause = INTERVAL;
    loop {
        tokio::time::sleep(pause).await;
        let forgotten = shelves.forget_refusals(REFUSALS, BATCH).await;
        pause = match forgotten {
            Ok(refusals) if refusals == BATCH as usize => PAUSE,
            Ok(_) => INTERVAL,
            Err(error) => {
                // No order waits for it, and the store's health says it louder.
                tracing::debug!(%error, "old refusals cannot be deleted now: {error}");
                INTERVAL
            }
        };
    }
}
