//! The file of a store: how connections to it are opened, and how it gets the newest schema.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags, ffi};

use crate::StoreError;

/// SQLite's VFS for a file that one process has for itself. It locks others out, and keeps the
/// index of the log in memory. The default VFS maps that index from a file, and then a disk that
/// becomes read-only ends the process by SIGBUS at the next write.
const VFS: &str = "unix-excl";

/// No other process should have this file open; a short wait covers a predecessor that is just
/// closing it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Each connection keeps this many KiB of pages: enough for the inner pages of an index over
/// millions of rows, small enough for seven connections within the service's memory: the writer's, four
/// readers', and one for each thread that looks rows up.
const PAGE_CACHE_KIB: i64 = 512;

/// A database file that this process has opened before.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseFile {
    path: Arc<Path>,
    /// Device and inode: which file it is, whatever its name.
    identity: (u64, u64),
}

impl DatabaseFile {
    /// Opens or makes the file and brings its schema to the last of `migrations`.
    pub(crate) fn open(path: &Path, migrations: &[&str]) -> Result<(Self, Connection), StoreError> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(directory_error)?;
        }
        let mut connection = open_writer(path)?;
        migrate(&mut connection, migrations)?;
        let file = Self {
            path: path.into(),
            identity: identity(path).map_err(directory_error)?,
        };
        Ok((file, connection))
    }

    /// Fails when another file, or none, has the name of this one. SQLite would not notice, and
    /// would write to a file that nobody finds after a restart.
    pub(crate) fn check_in_place(&self) -> Result<(), StoreError> {
        if identity(&self.path).ok() == Some(self.identity) {
            Ok(())
        } else {
            Err(StoreError::Replaced)
        }
    }

    pub(crate) fn open_writer(&self) -> Result<Connection, StoreError> {
        self.check_in_place()?;
        open_writer(&self.path)
    }

    pub(crate) fn open_reader(&self) -> Result<Connection, StoreError> {
        self.check_in_place()?;
        // Read-only by `query_only` and not by the open flag: a reader in WAL mode has to be able
        // to write the shared index of the log.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags_and_vfs(&self.path, flags, VFS)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
        Ok(connection)
    }
}

fn directory_error(error: io::Error) -> StoreError {
    StoreError::Directory(Arc::new(error))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(path, flags, VFS)?;
    // SQLite opens what it may not write to all the same, and would never notice that it may again.
    if connection.is_readonly(MAIN_DB)? {
        let read_only = ffi::Error::new(ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(read_only, None).into());
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // WAL with FULL syncs the log at every commit: a commit survives power loss.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What undoes one write of a group is kept in memory in pieces of a KiB; for a file SQLite would take
    // 64 at a time, in each group.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Runs the migrations that the file has not seen, each in a transaction of its own.
fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
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
