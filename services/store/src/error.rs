//! What can go wrong with a store.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why a store could not do what it was asked. Clones share the cause, since all writes of a
/// transaction fail with it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened at the start.
    #[error("{}: {error}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: Box<StoreError>,
    },
    /// The disk is full, read-only or broken, or the file cannot be opened. It may work again
    /// later without a restart.
    #[error("the store cannot be used now: {0}")]
    Unavailable(Arc<rusqlite::Error>),
    /// The commit of a write failed in a way, or its thread ended at a time, that leaves open
    /// whether the write is on the disk.
    #[error("it is not known whether the write is stored: {0}")]
    Uncertain(Box<StoreError>),
    /// The file is not where it was opened. What is written to it now would be lost at the next
    /// restart.
    #[error("the store cannot be used now: its file was removed, moved or replaced")]
    Replaced,
    /// The file is not a database, or a broken one. It does not recover by itself.
    #[error(
        "the store is damaged: {0}; restore its file, or move it away to begin with an empty one"
    )]
    Damaged(Arc<rusqlite::Error>),
    /// A statement failed: a fault of the program or of the data.
    #[error("a statement failed: {0}")]
    Statement(Arc<rusqlite::Error>),
    /// The code around the statements panicked; none of them has an effect.
    #[error("the code around a statement panicked: {0}")]
    Panicked(Arc<str>),
    /// The folder of the file cannot be made.
    #[error("the folder of the store cannot be made: {0}")]
    Directory(Arc<std::io::Error>),
    /// The file was written by a newer version of the program.
    #[error("the store is at version {found}, this program knows {known}: run the newer program")]
    Newer {
        /// The version of the file.
        found: u32,
        /// The last version that this program knows.
        known: u32,
    },
    /// The metrics of the store are registered already: a process has one store.
    #[error("metrics: {0}")]
    Metrics(Arc<prometheus::Error>),
    /// A thread of the store ended or could not start.
    #[error("a thread of the store has stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the same request may succeed later, without a change to it or to the program.
    pub const fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Uncertain(_) | Self::Replaced | Self::Stopped
        )
    }

    /// Whether the write may be stored in spite of the error. After any other error it is not.
    pub const fn is_uncertain(&self) -> bool {
        matches!(self, Self::Uncertain(_))
    }

    /// Whether another connection has locked the file.
    pub(crate) fn is_locked(&self) -> bool {
        let Self::Unavailable(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    /// What the failure of a COMMIT means for its writes.
    ///
    /// The record that makes a transaction count is the last that is written to the log. On a
    /// full disk it was not written whole (`SQLITE_FULL` is a short write), and a busy file was not
    /// written at all: nothing is stored. After any other error of the disk, such as a failed
    /// fsync, the record may be there, and count after a restart.
    pub(crate) fn of_commit(self) -> Self {
        match &self {
            Self::Unavailable(error)
                if !self.is_locked() && error.sqlite_error_code() != Some(ErrorCode::DiskFull) =>
            {
                Self::Uncertain(Box::new(self))
            }
            _ => self,
        }
    }

    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Panicked(text.unwrap_or("with a value that is not text").into())
    }

    /// The variant's name, for `error.type`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "Open",
            Self::Unavailable(_) => "Unavailable",
            Self::Uncertain(_) => "Uncertain",
            Self::Replaced => "Replaced",
            Self::Damaged(_) => "Damaged",
            Self::Statement(_) => "Statement",
            Self::Panicked(_) => "Panicked",
            Self::Directory(_) => "Directory",
            Self::Newer { .. } => "Newer",
            Self::Metrics(_) => "Metrics",
            Self::Stopped => "Stopped",
        }
    }

    /// SQLite's extended result code, when it was SQLite that failed
    /// (<https://www.sqlite.org/rescode.html>).
    pub(crate) fn result_code(&self) -> Option<i32> {
        match self {
            Self::Unavailable(error) | Self::Damaged(error) | Self::Statement(error) => {
                error.sqlite_error().map(|error| error.extended_code)
            }
            Self::Uncertain(error) => error.result_code(),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let error = Arc::new(error);
        match code {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Unavailable(error),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged(error),
            _ => Self::Statement(error),
        }
    }
}
