//! The connections that read, opened when they are first needed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::{StoreError, connection};

/// A pool of connections that read, each on a thread of the runtime's blocking pool.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    file: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(file: PathBuf, connections: usize) -> Self {
        Self {
            file: Arc::new(file),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(connections)),
        }
    }

    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Stopped)?;
        let (file, idle) = (Arc::clone(&self.file), Arc::clone(&self.idle));
        let read = move || {
            let _permit = permit;
            let known = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = known.map_or_else(|| connection::open_reader(&file), Ok)?;
            let result = work(&connection).map_err(StoreError::from);
            // A connection that met a broken disk is not trusted again.
            if !result.as_ref().is_err_and(StoreError::is_unavailable) {
                idle.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(connection);
            }
            result
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|_| StoreError::Stopped)?
    }
}
