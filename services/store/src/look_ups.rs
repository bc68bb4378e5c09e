//! Reads of a few rows by their key, on the thread that asks.
//!
//! With its pages in memory such a read takes 3 us; on another thread it takes 20, most of them to wake
//! the two. A page that is not in memory is waited for, as the program's own pages are. What walks over
//! many rows belongs to the [`crate::readers`].

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;

use crate::connection::DatabaseFile;
use crate::{StoreError, job};

/// The connections that no look-up uses just now. In all there are as many as threads have ever looked
/// something up at the same moment, since none is held across a wait.
#[derive(Clone, Debug)]
pub(crate) struct LookUps {
    file: DatabaseFile,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl LookUps {
    pub(crate) fn new(file: DatabaseFile) -> Self {
        Self {
            file,
            idle: Arc::default(),
        }
    }

    /// Runs `work` without waiting for a lock; None if it met one.
    pub(crate) fn run<T>(
        &self,
        work: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Option<Result<T, StoreError>> {
        let mut connection = self.idle.lock().pop();
        let open = || {
            let connection = self.file.open_reader()?;
            connection.busy_timeout(Duration::ZERO)?;
            Ok(connection)
        };
        let result = job::read(open, &mut connection, work);
        self.idle.lock().extend(connection);
        let is_locked = result.as_ref().is_err_and(StoreError::is_locked);
        (!is_locked).then_some(result)
    }
}
