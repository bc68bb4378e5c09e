//! A timer for requests that come one after another.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is moved only when it rings, or for an earlier deadline. It serves whoever has one request at
/// a time, such as a connection. To take a timer out of the runtime's wheel for each request and to put it in
/// again costs more than to let it ring once in a while for nothing: one that rings before all others wakes
/// the runtime by a system call, even from the runtime's own thread.
#[derive(Debug, Default)]
pub struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once `deadline` has passed.
    pub fn poll(&mut self, deadline: Instant, task: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(task));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_each_deadline_whether_later_or_earlier_than_the_one_before() {
        let mut alarm = Alarm::default();
        let begun = Instant::now();
        for seconds in [3, 9, 4, 6] {
            let deadline = begun + seconds * SECOND;
            let waited = tokio::time::timeout(SECOND, poll_fn(|task| alarm.poll(deadline, task)));
            let early = begun.elapsed() + SECOND < seconds * SECOND;
            assert_eq!(waited.await.is_err(), early, "{seconds}");
        }
        let deadline = begun + 9 * SECOND;
        poll_fn(|task| alarm.poll(deadline, task)).await;
        assert_eq!(begun.elapsed(), 9 * SECOND);
    }
}
