//! The threads that read, each with a connection of its own, started when they are first needed.
//!
//! These are not the runtime's threads for blocking work. Host names are resolved on those, and a
//! name server that hangs would stop every read.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::connection::DatabaseFile;
use crate::spans::{Call, Spans};
use crate::{StoreError, job};

/// How many reads run at once: two for each core of a small machine, since a read that misses the
/// page cache waits for the disk.
const READERS: usize = 4;

/// The threads and their queue. Callers wait for a permit, so one that goes away leaves the queue.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    file: DatabaseFile,
    spans: Spans,
    permits: Arc<Semaphore>,
    idle: Arc<Idle>,
}

/// The threads without work. The last one to finish is used first: its cache is warm.
type Idle = Mutex<Vec<Reader>>;

/// What a thread does with its connection, which is opened by the first read.
type Read = dyn FnOnce(&mut Option<Connection>) + Send;

/// A thread that reads; it ends when this is dropped.
#[derive(Debug)]
struct Reader(mpsc::Sender<Turn>);

/// One read, and what is returned to the pool after it.
struct Turn {
    read: Box<Read>,
    reader: Reader,
    idle: Arc<Idle>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(crate) fn new(file: DatabaseFile, spans: Spans) -> Self {
        Self {
            file,
            spans,
            permits: Arc::new(Semaphore::new(READERS)),
            idle: Arc::default(),
        }
    }

    pub(crate) async fn run<T, F>(&self, call: Option<Call>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Stopped)?;
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
        let known = self.idle.lock().pop();
        let reader = known.map_or_else(Reader::start, Ok)?;
        let turns = reader.0.clone();
        let turn = Turn {
            read: Box::new(read),
            reader,
            idle: Arc::clone(&self.idle),
            _permit: permit,
        };
        turns.send(turn).map_err(|_| StoreError::Stopped)?;
        wait.await.map_err(|_| StoreError::Stopped)?
    }
}

impl Reader {
    fn start() -> Result<Self, StoreError> {
        let (sender, turns) = mpsc::channel::<Turn>();
        thread::Builder::new()
            .name("store-reader".to_owned())
            .spawn(move || {
                let mut connection = None;
                for turn in turns {
                    (turn.read)(&mut connection);
                    // Before the permit is released, so that its next owner finds this reader.
                    turn.idle.lock().push(turn.reader);
                }
            })
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self(sender))
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
