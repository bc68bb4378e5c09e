//! Running a caller's code on a connection of the store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::{Connection, MAIN_DB};

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

/// Runs `work` on the connection that is known, or on a new one.
pub(crate) fn read<T>(
    open: impl FnOnce() -> Result<Connection, StoreError>,
    known: &mut Option<Connection>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let connection = known.take().map_or_else(open, Ok)?;
    let result = run(work, &connection);
    // A connection that met a broken disk or a panic is not used again, nor one that was opened while the
    // disk was read-only: its index of the log is a file, which `VFS` is to avoid.
    let is_sound = matches!(result, Ok(_) | Err(StoreError::Statement(_)));
    if is_sound && !connection.is_readonly(MAIN_DB)? {
        *known = Some(connection);
    }
    result
}
