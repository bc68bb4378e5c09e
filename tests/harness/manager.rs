//! The end of NOTIFY_SOCKET where systemd would be (sd_notify(3)).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Process, binary};

/// A manager of one service: its folder and its socket.
#[derive(Debug)]
pub struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Default for Manager {
    fn default() -> Self {
        Self::new()
    }
}

impl Manager {
    /// A manager with a folder of its own.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        // Far more than any word takes.
        let bound = Some(Duration::from_secs(30));
        socket.set_read_timeout(bound).expect("a socket");
        Self { folder, socket }
    }

    /// The folder that holds the socket and, under `state`, the store.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The environment of the service.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("NOTIFY_SOCKET", self.folder.path().join("notify").into()),
            ("STATE_DIRECTORY", self.folder.path().join("state").into()),
        ]
    }

    /// Starts a service, also one that logs nothing: [`Manager::ready`] tells where it listens.
    pub fn spawn(&self, name: &str, environment: &[(&'static str, &str)]) -> Process {
        let mut all = self.environment();
        all.extend(
            environment
                .iter()
                .map(|(name, value)| (*name, OsString::from(value))),
        );
        Process::spawn(&binary(name), name, &[], &all)
    }

    /// The next message as its lines.
    pub fn message(&self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let length = self
            .socket
            .recv(&mut bytes)
            .expect("a message within half a minute");
        let text = std::str::from_utf8(&bytes[..length]).expect("UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    /// Reads until a message with this line comes; that message.
    pub fn wait_for(&self, line: &str) -> Vec<String> {
        loop {
            let message = self.message();
            if message.iter().any(|found| found == line) {
                return message;
            }
        }
    }

    /// Waits until the service is ready; where it listens.
    pub fn ready(&self) -> SocketAddr {
        Self::address_in(&self.wait_for("READY=1"))
    }

    /// The address in `STATUS=listening on ...`.
    pub fn address_in(message: &[String]) -> SocketAddr {
        let mut lines = message.iter();
        let status = lines.find_map(|line| line.strip_prefix("STATUS=listening on "));
        let address = status.unwrap_or_else(|| panic!("no status: {message:?}"));
        address.parse().expect("an address")
    }

    /// Whether a message waits now; takes it.
    pub fn has_message(&self) -> bool {
        self.socket.set_nonblocking(true).expect("a socket");
        let found = self.socket.recv(&mut [0; 4096]).is_ok();
        self.socket.set_nonblocking(false).expect("a socket");
        found
    }
}
