//! A reader of the journal's socket that takes every entry, as fast as it can, and keeps none.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::thread;

use harness::journal::may_unshare;
use tempfile::TempDir;

/// The folder that the services see as `/run/systemd/journal`.
#[derive(Debug)]
pub(crate) struct Journal(TempDir);

impl Journal {
    /// A journal whose reader lives as long as this program, or why there can be none here.
    pub(crate) fn open() -> Result<Self, String> {
        may_unshare()?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let socket = UnixDatagram::bind(folder.path().join("socket"));
        let socket = socket.map_err(|error| error.to_string())?;
        thread::spawn(move || {
            let mut entry = vec![0; 64 * 1024];
            while socket.recv(&mut entry).is_ok() {}
        });
        Ok(Self(folder))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
}
