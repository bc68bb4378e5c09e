//! The one writer: a thread that commits whatever is queued in one transaction.

use std::path::PathBuf;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{StoreError, connection};

/// How many writes may wait; more wait in their callers. It is far above what one transaction
/// takes, so the writer never runs dry.
const QUEUE_WRITES: usize = 1024;

/// How many writes share one transaction. At some 20 us each a transaction stays below 10 ms, so
/// that the first does not wait long for the last.
const GROUP_WRITES: usize = 256;

/// The work of one caller.
trait Write: Send {
    /// Runs the statements; whether they are to stay.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Answers the caller, after the commit or its failure.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

/// The near end of the queue.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Write>>,
}

impl Writer {
    pub(crate) fn start(file: PathBuf, connection: Connection) -> Result<Self, StoreError> {
        let identity = connection::identity(&file).map_err(StoreError::Directory)?;
        let (queue, writes) = mpsc::channel(QUEUE_WRITES);
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                Group {
                    file,
                    identity,
                    connection: Some(connection),
                }
                .serve(writes);
            })
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self { queue })
    }

    pub(crate) async fn run<T, F, C>(&self, work: F, committed: C) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let job = Job {
            work: Some(work),
            result: None,
            committed,
            answer,
        };
        self.queue
            .send(Box::new(job))
            .await
            .map_err(|_| StoreError::Stopped)?;
        wait.await.map_err(|_| StoreError::Stopped)?
    }
}

struct Job<T, F, C> {
    work: Option<F>,
    result: Option<rusqlite::Result<T>>,
    committed: C,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F, C> Write for Job<T, F, C>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    C: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let result = self.work.take().map(|work| work(connection));
        let stays = matches!(result, Some(Ok(_)));
        self.result = result;
        stays
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let result = match (self.result, commit) {
            (Some(Err(error)), _) => Err(error.into()),
            (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => {
                (self.committed)(&value);
                Ok(value)
            }
            (None, Ok(())) => Err(StoreError::Stopped),
        };
        // A caller that has gone away does not need the answer; the write stays.
        let _ = self.answer.send(result);
    }
}

struct Group {
    file: PathBuf,
    /// What [`connection::identity`] said of the file at the start.
    identity: (u64, u64),
    connection: Option<Connection>,
}

impl Group {
    fn serve(mut self, mut writes: mpsc::Receiver<Box<dyn Write>>) {
        let mut group = Vec::with_capacity(GROUP_WRITES);
        while writes.blocking_recv_many(&mut group, GROUP_WRITES) > 0 {
            if let Err(error) = self.commit(&mut group) {
                // The connection may have met a broken disk: the next group opens a new one,
                // which is how the store heals.
                self.connection = None;
                tracing::error!(
                    %error,
                    writes = group.len(),
                    "the store could not commit: {error}"
                );
                let message = error.to_string();
                for write in group.drain(..) {
                    write.answer(Err(unavailable(&message)));
                }
            } else {
                for write in group.drain(..) {
                    write.answer(Ok(()));
                }
            }
        }
    }

    fn commit(&mut self, group: &mut [Box<dyn Write>]) -> Result<(), StoreError> {
        // SQLite would go on in a file that nobody finds again after a restart.
        if connection::identity(&self.file).ok() != Some(self.identity) {
            return Err(unavailable("its file was removed, moved or replaced"));
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connection::open_writer(&self.file)?,
        };
        let connection = self.connection.insert(connection);
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for write in group {
            connection.prepare_cached("SAVEPOINT one")?.execute([])?;
            if !write.run(connection) {
                // A full or broken disk may roll back the whole transaction on its own; what
                // the others of the group wrote is then gone too.
                if connection.is_autocommit() {
                    return Err(unavailable(
                        "the disk is full or broken; the group was rolled back",
                    ));
                }
                connection.prepare_cached("ROLLBACK TO one")?.execute([])?;
            }
            connection.prepare_cached("RELEASE one")?.execute([])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// `rusqlite::Error` cannot be cloned, and every caller of a group needs one.
fn unavailable(message: &str) -> StoreError {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    StoreError::Unavailable(rusqlite::Error::SqliteFailure(
        code,
        Some(message.to_owned()),
    ))
}
