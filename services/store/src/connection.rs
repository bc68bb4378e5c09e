//! How connections are opened, and how a file comes to the newest schema.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;

/// SQLite's VFS for a file that one process has for itself. It locks others out, and keeps the
/// index of the log in memory: in a mapped file, as otherwise, a disk that becomes read-only ends
/// the process by SIGBUS at the next write.
const VFS: &str = "unix-excl";

/// Another process has no business in this file; a short wait covers a predecessor that is just
/// closing it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Each connection keeps this many KiB of pages: enough for the inner pages of an index over
/// millions of rows, small enough for five connections within the service's memory.
const PAGE_CACHE_KIB: i64 = 512;

/// Which file this is, whatever its name: its file system and its number there.
pub(crate) fn identity(file: &Path) -> io::Result<(u64, u64)> {
    std::fs::metadata(file).map(|found| (found.dev(), found.ino()))
}

pub(crate) fn open_writer(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(file, flags, VFS)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // WAL with FULL syncs the log at every commit: a commit survives power loss.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

pub(crate) fn open_reader(file: &Path) -> Result<Connection, StoreError> {
    // Read-only by `query_only` and not by the open flag: a reader in WAL mode has to be able to
    // write the shared index of the log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(file, flags, VFS)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    Ok(connection)
}

/// Runs the migrations that the file has not seen, each in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mut known = 0;
    for (version, migration) in (1..).zip(migrations) {
        known = version;
        if version > found {
            let transaction = connection.transaction()?;
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()?;
        }
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER)",
    )?;
    Ok(())
}
