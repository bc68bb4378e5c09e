//! The tasks that run beside the accept loop for the whole life of a service.
//!
//! None of them ends before the service does. If one returns or panics, what is left answers
//! requests and no longer does its work; so the service ends, and systemd starts it again.

use tokio::task::{JoinError, JoinSet};

/// The tasks. Dropped, it ends each of them at its next await.
#[derive(Debug, Default)]
pub(crate) struct Background {
    tasks: JoinSet<()>,
}

/// How a task came to an end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("it returned")]
    Returned,
    #[error(transparent)]
    Panicked(#[from] JoinError),
}

impl Background {
    /// Starts a task.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits until one of the tasks ends, which none should.
    pub(crate) async fn one_ended(&mut self) -> Ended {
        match self.tasks.join_next().await {
            Some(Ok(())) => Ended::Returned,
            Some(Err(error)) => Ended::Panicked(error),
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_end_and_a_panic_are_reported_and_a_running_task_is_not() {
        let mut background = Background::default();
        let ended = tokio::time::timeout(Duration::from_mins(1), background.one_ended()).await;
        assert!(ended.is_err(), "without tasks: {ended:?}");
        background.spawn(std::future::pending());
        let ended = tokio::time::timeout(Duration::from_mins(1), background.one_ended()).await;
        assert!(ended.is_err(), "with one that runs: {ended:?}");
        background.spawn(async {});
        assert!(matches!(background.one_ended().await, Ended::Returned));
        background.spawn(async { panic!("out of order") });
        let ended = background.one_ended().await.to_string();
        assert!(ended.contains("out of order"), "{ended}");
    }
}
