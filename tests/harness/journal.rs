//! The journal's socket in the hands of a test: a service runs in a mount namespace of its own,
//! where `/run/systemd/journal` is a folder of the test, and every datagram that it sends to the
//! journal is read here byte by byte (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::{Process, binary, eventually};

/// Makes the folder `$JOURNAL` the journal's, then becomes the service. With `CLAIM=1` the
/// service's output claims to be connected to the journal, as systemd would set it.
const ENTER: &str = r#"
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal &&
    mount --bind "$JOURNAL" /run/systemd/journal || exit 99
    if [ "$CLAIM" = 1 ]; then
        JOURNAL_STREAM=$(stat -Lc %d:%i /proc/$$/fd/1)
        export JOURNAL_STREAM
    fi
    exec "$0" "$@"
"#;

/// The folder that stands in for `/run/systemd/journal`, and the socket in it.
#[derive(Debug)]
pub struct Journal {
    folder: TempDir,
    socket: Option<UnixDatagram>,
    entries: Vec<Entry>,
}

/// An entry as it came over the wire: each field once.
pub type Entry = BTreeMap<String, String>;

impl Journal {
    /// A journal, or why there can be none here.
    pub fn open() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        may_unshare()?;
        let mut journal = Self {
            folder,
            socket: None,
            entries: Vec::new(),
        };
        journal.listen();
        Ok(journal)
    }

    /// Where the socket is.
    pub fn socket_path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Takes the socket away, as a journal does that is gone.
    pub fn vanish(&mut self) {
        self.socket = None;
        std::fs::remove_file(self.socket_path()).expect("the socket");
    }

    /// Binds the socket.
    pub fn listen(&mut self) {
        let socket = UnixDatagram::bind(self.socket_path()).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        self.socket = Some(socket);
    }

    /// Starts a service whose journal this is. `LOG_FORMAT` is `journald` unless given.
    pub fn spawn(&self, name: &str, environment: &[(&'static str, OsString)]) -> Process {
        spawn_with_journal(self.folder.path(), name, environment)
    }

    /// Starts a service whose journal this is, and waits until it has written that it listens.
    pub async fn start(
        &mut self,
        name: &str,
        environment: &[(&'static str, OsString)],
    ) -> (Process, SocketAddr) {
        let process = self.spawn(name, environment);
        let address = eventually("the journal has the address", async || {
            let entries = self.entries();
            let found = entries
                .iter()
                .find_map(|entry| entry.get("ADDRESS").cloned());
            found.ok_or_else(|| format!("{entries:?} {}", process.errors()))
        })
        .await;
        (process, address.parse().expect("an address"))
    }

    /// Reads what waits in the socket; all entries so far.
    pub fn entries(&mut self) -> &[Entry] {
        let mut datagram = vec![0; 256 * 1024];
        if let Some(socket) = &self.socket {
            while let Ok(length) = socket.recv(&mut datagram) {
                // Each client begins with an empty datagram, to see whether anybody listens.
                if length > 0 {
                    self.entries.push(parse(&datagram[..length]));
                }
            }
        }
        &self.entries
    }
}

/// Starts a service for which `/run/systemd/journal` is `folder`.
pub fn spawn_with_journal(
    folder: &Path,
    name: &str,
    environment: &[(&'static str, OsString)],
) -> Process {
    let arguments = ["-rm", "sh", "-c", ENTER].map(OsString::from);
    let program = binary(name).into_os_string();
    let mut environment = environment.to_vec();
    if !environment.iter().any(|(name, _)| *name == "LOG_FORMAT") {
        environment.push(("LOG_FORMAT", "journald".into()));
    }
    environment.push(("JOURNAL", folder.into()));
    let arguments = [&arguments[..], &[program]].concat();
    Process::spawn(Path::new("unshare"), name, &arguments, &environment)
}

/// Whether a mount namespace can be had, which some containers and kernels refuse.
pub fn may_unshare() -> Result<(), String> {
    let probe = "mount -t tmpfs tmpfs /run";
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", probe])
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare: {error}")),
    }
}

/// Reads a datagram of the native protocol: `NAME=value\n`, or `NAME\n`, the length of the value
/// as 64 bits little-endian, the value, `\n`. A field that comes twice is an error here.
fn parse(mut bytes: &[u8]) -> Entry {
    let mut entry = Entry::new();
    while !bytes.is_empty() {
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("a line");
        let line = std::str::from_utf8(&bytes[..end]).expect("UTF-8");
        bytes = &bytes[end + 1..];
        let (name, value) = if let Some((name, value)) = line.split_once('=') {
            (name, value.to_owned())
        } else {
            let (length, rest) = bytes.split_at(8);
            let length = u64::from_le_bytes(length.try_into().expect("eight bytes"));
            let (value, rest) = rest.split_at(usize::try_from(length).expect("a length"));
            assert_eq!(rest.first(), Some(&b'\n'), "a field ends with a line feed");
            bytes = &rest[1..];
            (line, String::from_utf8(value.to_vec()).expect("UTF-8"))
        };
        let well_formed = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        assert!(
            well_formed,
            "the journal drops a field of this name: {name}"
        );
        let earlier = entry.insert(name.to_owned(), value);
        assert_eq!(earlier, None, "{name} stands twice: {entry:?}");
    }
    entry
}
