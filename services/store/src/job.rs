//! Running what a caller gave to a thread of the store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use crate::StoreError;

/// Runs `work`. A panic in it fails its own caller and nobody else; the process's panic hook has
/// logged it by then.
pub(crate) fn run<T>(
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    connection: &Connection,
) -> Result<T, StoreError> {
    // What a panic leaves half done is rolled back or closed by the thread that called this.
    catch_unwind(AssertUnwindSafe(|| work(connection)))
        .map_err(|panic| StoreError::panicked(&*panic))?
        .map_err(StoreError::from)
}
