//! A reader of the journal's socket that takes every entry, as fast as it can, and keeps none.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::thread;

use harness::journal::may_unshare;
use tempfile::TempDir;

/// How many datagrams wait in a socket before who sends has to wait (unix(7)).
const QUEUE: &str = "/proc/sys/net/unix/max_dgram_qlen";

/// What systemd makes it when it boots; the kernel's own 10 make the writer of a log wait for its reader time
/// and again.
const USUAL: u32 = 512;

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

    /// How many entries wait in its socket, in words.
    pub(crate) fn queue() -> String {
        let length = fs::read_to_string(QUEUE).unwrap_or_default();
        match length.trim().parse() {
            Ok(USUAL..) => String::new(),
            Ok(length @ 0..USUAL) => format!(
                ", which takes {length} at once, where systemd makes it {USUAL} (sysctl net.unix.max_dgram_qlen)"
            ),
            Err(_) => format!(", whose length {QUEUE} does not tell"),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
}
