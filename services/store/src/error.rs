//! What can go wrong with a store.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
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
    Unavailable(rusqlite::Error),
    /// The file is no database, or a broken one. Nothing heals it but a person.
    #[error(
        "the store is damaged: {0}; restore its file, or move it away to begin with an empty one"
    )]
    Damaged(rusqlite::Error),
    /// A statement failed: a fault of the program or of the data.
    #[error("a statement failed: {0}")]
    Statement(rusqlite::Error),
    /// The folder of the file cannot be made.
    #[error("the folder of the store cannot be made: {0}")]
    Directory(std::io::Error),
    /// The file was written by a newer version of the program.
    #[error("the store is at version {found}, this program knows {known}: run the newer program")]
    Newer {
        /// The version of the file.
        found: u32,
        /// The last version that this program knows.
        known: u32,
    },
    /// The writer's thread is gone or could not start.
    #[error("the writer of the store has stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the same request may succeed later, without a change to it or to the program.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Stopped)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
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
