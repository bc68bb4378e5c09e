//! Waiting for what must come.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Far more than any wait takes, so that a slow machine passes and a broken program fails.
const BOUND: Duration = Duration::from_secs(30);

/// Asks `probe` until it gives a value; panics with `what` and the last refusal when it does not
/// within half a minute.
pub async fn eventually<T, E, P>(what: &str, mut probe: P) -> T
where
    E: Debug,
    P: AsyncFnMut() -> Result<T, E>,
{
    let deadline = Instant::now() + BOUND;
    loop {
        match probe().await {
            Ok(value) => return value,
            Err(seen) => assert!(Instant::now() < deadline, "{what}; seen instead: {seen:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
