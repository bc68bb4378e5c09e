//! The threads that read, each with a connection of its own, started when they are first needed.
//!
//! These are not the runtime's threads for blocking work. Host names are resolved on those, and a
//! name server that hangs would stop every read.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::connection::DatabaseFile;
use crate::read_queue::ReadQueue;
use crate::spans::{Call, Spans};
use crate::{StoreError, job};

/// The threads and their queue.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    file: DatabaseFile,
    spans: Spans,
    queue: Arc<Opened>,
}

/// The queue as callers have it. When the last is gone, the threads end.
#[derive(Debug)]
struct Opened(Arc<ReadQueue>);

impl Readers {
    pub(crate) fn new(file: DatabaseFile, spans: Spans) -> Self {
        Self {
            file,
            spans,
            queue: Arc::new(Opened(Arc::default())),
        }
    }

    pub(crate) async fn run<T, F>(&self, call: Option<Call>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let (file, spans) = (self.file.clone(), self.spans.clone());
        let read = move |connection: &mut Option<Connection>| {
            let result = read(&file, connection, work);
            let answered = call.map(|call| call.end(&result));
            let _ = answer.send(result);
            if let Some(answered) = answered {
                spans.read(&answered);
            }
        };
        let place = ReadQueue::push(&self.queue.0, Box::new(read))?;
        let answer = wait.await;
        place.answered();
        answer.map_err(|_| StoreError::Stopped)?
    }

    /// How many reads wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.queue.0.waiting()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn read<T>(
    file: &DatabaseFile,
    known: &mut Option<Connection>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let connection = known.take().map_or_else(|| file.open_reader(), Ok)?;
    let result = job::run(work, &connection);
    // A connection that met a broken disk or a panic is not used again.
    if matches!(result, Ok(_) | Err(StoreError::Statement(_))) {
        *known = Some(connection);
    }
    result
}
