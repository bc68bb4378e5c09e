//! Forgetting old rows in the background.

use std::time::Duration;

use crate::StoreError;

/// How often old rows are looked for: seldom enough to cost nothing, often enough that a minute's
/// worth of them is little work.
const INTERVAL: Duration = Duration::from_mins(1);

/// How many are deleted in one transaction: a millisecond or two, which delays no other write.
const BATCH: u32 = 200;

/// The pause between two batches: the disk belongs to requests.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls `forget` until it is dropped. `forget` deletes at most so many of the rows that are old,
/// which the log calls `what`, and returns how many. The first call comes after an interval: a
/// start has more urgent work.
pub async fn forget_old<F, D>(what: &'static str, forget: F)
where
    F: Fn(u32) -> D,
    D: Future<Output = Result<usize, StoreError>>,
{
    let mut pause = INTERVAL;
    loop {
        tokio::time::sleep(pause).await;
        pause = match forget(BATCH).await {
            Ok(rows) if rows == BATCH as usize => PAUSE,
            Ok(_) => INTERVAL,
            Err(error) => {
                // No request waits for it, and the health of the store says it louder.
                tracing::debug!(%error, "old {what} cannot be deleted now: {error}");
                INTERVAL
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_batch_is_followed_by_another_soon_and_what_fails_is_tried_again() {
        let start = Instant::now();
        let calls = RefCell::new(Vec::new());
        let outcomes = [Ok(200), Ok(199), Err(StoreError::Stopped), Ok(0)];
        let forget = |limit| {
            assert_eq!(limit, 200);
            let mut calls = calls.borrow_mut();
            calls.push(start.elapsed());
            future::ready(outcomes[calls.len() - 1].clone())
        };
        let bound = Duration::from_secs(200);
        tokio::time::timeout(bound, forget_old("rows", forget))
            .await
            .unwrap_err();
        let millis: Vec<_> = calls.take().iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [60_000, 60_050, 120_050, 180_050]);
    }
}
