//! When an export is tried again (OTLP specification, "Failures").

use std::time::{Duration, SystemTime};

/// How often an export is tried again. What fails four times within a second is away for longer,
/// and the batches behind this one wait meanwhile.
const RETRIES: u32 = 3;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Why an export failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Failure {
    reason: String,
    /// After how long it may be tried again at the earliest; `None` when it must not be.
    retry_after: Option<Duration>,
}

impl Failure {
    /// A failure that would only repeat itself.
    pub(super) fn permanent(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// A failure that may pass, at the earliest after what the receiver asked for.
    pub(super) fn transient(reason: impl Into<String>, retry_after: Option<Duration>) -> Self {
        Self {
            reason: reason.into(),
            retry_after: Some(retry_after.unwrap_or_default()),
        }
    }
}

/// Runs `attempt` until it succeeds, fails for good, or has been tried again [`RETRIES`] times.
/// It takes as long as it takes: the caller bounds all attempts together.
pub(super) async fn with_retries<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    for retry in 0..RETRIES {
        match attempt().await {
            Err(Failure {
                retry_after: Some(asked),
                ..
            }) => {
                let pause = FIRST_PAUSE * 2_u32.pow(retry);
                tokio::time::sleep(asked.max(pause) + jitter(pause)).await;
            }
            outcome => return outcome,
        }
    }
    attempt().await
}

/// Up to a half of `pause`, so that the services of one host do not come all at once. The clock's
/// nanoseconds are random enough for that.
fn jitter(pause: Duration) -> Duration {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since_epoch.unwrap_or_default().subsec_nanos();
    pause.mul_f64(f64::from(nanos % 1000) / 2000.0)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    /// The result, the attempts and the time of an export whose first `failures` attempts fail.
    async fn run(failures: u32, failure: Failure) -> (Result<(), Failure>, u32, Duration) {
        let (attempts, begun) = (Cell::new(0), Instant::now());
        let result = with_retries(|| {
            attempts.set(attempts.get() + 1);
            let failed = attempts.get() <= failures;
            std::future::ready(if failed { Err(failure.clone()) } else { Ok(()) })
        });
        (result.await, attempts.get(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_may_pass_is_tried_again_ever_later_and_not_for_long() {
        let transient = Failure::transient("busy", None);
        let (result, attempts, took) = run(2, transient.clone()).await;
        assert_eq!((result, attempts), (Ok(()), 3));
        // 100 and 200 ms, each with at most a half on top.
        assert!((300..=460).contains(&took.as_millis()), "{took:?}");
        let (result, attempts, _) = run(9, transient.clone()).await;
        assert_eq!((result, attempts), (Err(transient), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn the_receivers_own_pause_is_kept_when_it_is_longer() {
        let asked = Failure::transient("busy", Some(Duration::from_secs(7)));
        let (result, _, took) = run(1, asked).await;
        assert_eq!(result, Ok(()));
        assert!((7000..=7060).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_would_repeat_itself_is_not_tried_again() {
        let permanent = Failure::permanent("refused");
        let (result, attempts, took) = run(1, permanent.clone()).await;
        assert_eq!(
            (result, attempts, took),
            (Err(permanent), 1, Duration::ZERO)
        );
    }
}
