//! The threads that read, each with a connection of its own, started when they are first needed.
//!
//! These are not the runtime's threads for blocking work. Host names are resolved on those, and a
//! name server that hangs would stop every read.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::connection::DatabaseFile;
use crate::look_ups::LookUps;
use crate::read_queue::ReadQueue;
use crate::spans::{Call, Spans};
use crate::{StoreError, job};

/// The threads and their queue.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    file: DatabaseFile,
    spans: Spans,
    queue: Arc<Opened>,
    look_ups: LookUps,
}

/// The queue as callers have it. When the last is gone, the threads end.
#[derive(Debug)]
struct Opened(Arc<ReadQueue>);

impl Readers {
    pub(crate) fn new(file: DatabaseFile, spans: Spans) -> Self {
        Self {
            look_ups: LookUps::new(file.clone()),
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
            let result = job::read(|| file.open_reader(), connection, work);
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

    /// Like [`Readers::run`], but on the caller's thread unless it would have to wait for a lock.
    pub(crate) async fn look_up<T, F>(&self, call: Option<Call>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let Some(result) = self.look_ups.run(&work) else {
            return self.run(call, work).await;
        };
        if let Some(call) = call {
            self.spans.read(&call.end(&result));
        }
        result
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
