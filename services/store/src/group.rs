//! The one thread that writes: it commits whatever is queued in one transaction.

use std::time::SystemTime;

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::StoreError;
use crate::connection::DatabaseFile;
use crate::metrics::StoreMetrics;
use crate::spans::{Group, Period, Spans};
use crate::write::{GROUP_WRITES, Write};

/// The state of that thread.
#[derive(Debug)]
pub(crate) struct Committer {
    file: DatabaseFile,
    /// None after a failure: the next group opens a new one, which is how the store recovers.
    connection: Option<Connection>,
    spans: Spans,
    metrics: StoreMetrics,
}

impl Committer {
    pub(crate) const fn new(
        file: DatabaseFile,
        connection: Connection,
        spans: Spans,
        metrics: StoreMetrics,
    ) -> Self {
        Self {
            file,
            connection: Some(connection),
            spans,
            metrics,
        }
    }

    /// Commits until the last sender of the queue is gone.
    pub(crate) fn serve(mut self, mut queue: mpsc::Receiver<Box<dyn Write>>) {
        let mut group = Vec::with_capacity(GROUP_WRITES);
        let mut earlier_end = SystemTime::UNIX_EPOCH;
        while queue.blocking_recv_many(&mut group, GROUP_WRITES) > 0 {
            self.serve_group(&mut group, earlier_end);
            earlier_end = SystemTime::now();
        }
    }

    fn serve_group(&mut self, group: &mut Vec<Box<dyn Write>>, earlier_end: SystemTime) {
        let begin = SystemTime::now();
        let writes = group.len();
        let mut commit = None;
        let outcome = self.run(group).and_then(|connection| {
            let (committed, period) = Period::of(|| execute(connection, "COMMIT"));
            commit = Some(period);
            committed.map_err(StoreError::of_commit)
        });
        match (&outcome, commit) {
            (Err(error), _) => {
                tracing::error!(%error, writes, "the store could not commit: {error}");
                self.connection = None;
            }
            (Ok(()), Some(period)) => self.metrics.committed(writes, period.length),
            (Ok(()), None) => {}
        }
        let answers = group.drain(..).map(|write| write.answer(outcome.clone()));
        let traced: Vec<_> = answers.flatten().collect();
        if !traced.is_empty() {
            self.spans.group(
                &traced,
                &Group {
                    earlier_end,
                    begin,
                    writes,
                    commit,
                    outcome: &outcome,
                },
            );
        }
    }

    /// Runs the group up to its commit. An error is one of the whole group.
    fn run(&mut self, group: &mut [Box<dyn Write>]) -> Result<&Connection, StoreError> {
        self.file.check_in_place()?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.file.open_writer()?,
        };
        let connection = self.connection.insert(connection);
        execute(connection, "BEGIN IMMEDIATE")?;
        for (index, write) in group.iter_mut().enumerate() {
            // The first needs no savepoint, for which SQLite would copy each page that it changes: before it
            // there is nothing to keep.
            let is_first = index == 0;
            if !is_first {
                execute(connection, "SAVEPOINT one")?;
            }
            let written = write.run(connection);
            // SQLite itself may have rolled back the whole transaction because of a full or broken disk,
            // and with it what the others of the group wrote.
            let is_rolled_back = connection.is_autocommit();
            match written {
                Err(error) if is_rolled_back => return Err(error),
                Err(_) if is_first => {
                    execute(connection, "ROLLBACK")?;
                    execute(connection, "BEGIN IMMEDIATE")?;
                }
                Err(_) => {
                    execute(connection, "ROLLBACK TO one")?;
                    execute(connection, "RELEASE one")?;
                }
                Ok(()) if is_first && !is_rolled_back => {}
                // Fails after a write that has kept it to itself that all was rolled back.
                Ok(()) => execute(connection, "RELEASE one")?,
            }
        }
        Ok(connection)
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), StoreError> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}
