//! The queue of writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::connection::DatabaseFile;
use crate::group::Committer;
use crate::metrics::{StoreMetrics, Waiting};
use crate::spans::{Answered, Call, Spans};
use crate::write::Write;
use crate::{StoreError, job};

/// How many writes the queue holds; beyond that, callers wait to queue theirs. It is far more than
/// one transaction takes, so the writer never runs dry.
const QUEUE_WRITES: usize = 1024;

/// The sending side of the queue.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Write>>,
    pub(crate) metrics: StoreMetrics,
}

impl Writer {
    /// Starts the thread that writes.
    pub(crate) fn start(
        file: DatabaseFile,
        connection: Connection,
        spans: Spans,
        metrics: StoreMetrics,
    ) -> Result<Self, StoreError> {
        let (queue, writes) = mpsc::channel(QUEUE_WRITES);
        let committer = Committer::new(file, connection, spans, metrics.clone());
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || committer.serve(writes))
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self { queue, metrics })
    }

    /// Resolves once the thread has ended. It serves for as long as there is a [`Writer`], so only
    /// a panic ends it before.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let queue = self.queue.clone();
        async move { queue.closed().await }
    }

    pub(crate) async fn run<T, F, C>(
        &self,
        call: Option<Call>,
        work: F,
        committed: C,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let job = Job {
            call,
            waiting: Some(self.metrics.waiting()),
            work: Some(work),
            result: None,
            committed,
            answer,
        };
        self.queue
            .send(Box::new(job))
            .await
            .map_err(|_| StoreError::Stopped)?;
        // Without an answer, the thread ended while it had the write: before or after its commit.
        wait.await
            .map_err(|_| StoreError::Uncertain(Box::new(StoreError::Stopped)))?
    }
}

struct Job<T, F, C> {
    call: Option<Call>,
    waiting: Option<Waiting>,
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    committed: C,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F, C> Write for Job<T, F, C>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    C: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.waiting = None;
        let result = self
            .work
            .take()
            .map_or(Err(StoreError::Stopped), |work| job::run(work, connection));
        let stays = result.as_ref().map(drop).map_err(Clone::clone);
        self.result = Some(result);
        stays
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) -> Option<Answered> {
        let result = match (self.result, commit) {
            // The failure of the write itself says more than that of its group.
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => {
                // The write is on the disk. A panic, which the panic hook logs, does not undo it.
                let committed = self.committed;
                let _ = catch_unwind(AssertUnwindSafe(|| committed(&value)));
                Ok(value)
            }
            (None, Ok(())) => Err(StoreError::Stopped),
        };
        let answered = self.call.map(|call| call.end(&result));
        // A caller that has gone away does not need the answer; the write stays.
        let _ = self.answer.send(result);
        answered
    }
}
