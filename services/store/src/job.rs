//! Running a caller's code on a thread of the store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use crate::StoreError;

/// Runs `work`. A panic in it becomes an error for its own caller only. The panic hook of the
/// process logs it.
pub(crate) fn run<T>(
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    connection: &Connection,
) -> Result<T, StoreError> {
    // Unwind safe: the writer rolls back what a panic left half done, a reader closes its
    // connection.
    catch_unwind(AssertUnwindSafe(|| work(connection)))
        .map_err(|panic| StoreError::panicked(&*panic))?
        .map_err(StoreError::from)
}
