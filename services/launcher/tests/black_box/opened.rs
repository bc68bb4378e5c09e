//! A launcher as a process, on free ports.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use harness::{Http, Process, binary, eventually};
use tempfile::TempDir;

/// The ports that a launcher uses, without an offset.
pub(crate) const PORTS: [(&str, u16); 6] = [
    ("product-service", 8081),
    ("inventory-service", 8082),
    ("order-service", 8083),
    ("gateway-service", 8080),
    ("frontend", 3001),
    ("telemetry", 4318),
];

/// The launcher.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_launcher");

/// A little longer than the launcher waits for its services.
pub(crate) const END_BOUND: Duration = Duration::from_secs(20);

/// A running launcher.
pub(crate) struct Launcher {
    pub(crate) process: Process,
    pub(crate) offset: u16,
}

/// An offset with which all ports of a launcher are free. They are below those that the kernel
/// gives out by itself.
pub(crate) fn free_offset() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different offsets. The offsets differ by
    // less than the ports do, so that no two offsets share a port.
    let base = u16::try_from(std::process::id() % 40).unwrap() * 100;
    loop {
        let offset = 12_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed) * 10) % 4000;
        let mut ports = PORTS.iter().map(|(_, port)| port + offset);
        if ports.all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return offset;
        }
    }
}

/// The folder of the services that this workspace builds.
pub(crate) fn binaries() -> PathBuf {
    binary("frontend").parent().unwrap().to_owned()
}

impl Launcher {
    /// Starts one with this port offset, these arguments, and this environment.
    pub(crate) fn start(offset: u16, arguments: &[&str], environment: &[(&str, OsString)]) -> Self {
        Self::start_as(Path::new(PROGRAM), offset, arguments, environment)
    }

    fn start_as(
        program: &Path,
        offset: u16,
        arguments: &[&str],
        environment: &[(&str, OsString)],
    ) -> Self {
        let mut all: Vec<OsString> = vec!["--port-offset".into(), offset.to_string().into()];
        all.extend(arguments.iter().map(OsString::from));
        // With this variable the harness does not expect JSON.
        let environment = [&[("LOG_FORMAT", "text".into())], environment].concat();
        let process = Process::spawn(program, "launcher", &all, &environment);
        Self { process, offset }
    }

    /// Opens a whole shop, and waits until it is open.
    pub(crate) async fn open(arguments: &[&str], environment: &[(&str, OsString)]) -> Opened {
        Self::open_as(Path::new(PROGRAM), arguments, environment).await
    }

    /// The same by another program, which becomes the launcher.
    pub(crate) async fn open_as(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, OsString)],
    ) -> Opened {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("stores");
        Self::open_in(program, folder, &data, arguments, environment).await
    }

    async fn open_in(
        program: &Path,
        folder: TempDir,
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, OsString)],
    ) -> Opened {
        let binaries = binaries();
        let own = [
            "--bin-dir",
            binaries.to_str().unwrap(),
            "--data-dir",
            data.to_str().unwrap(),
        ];
        let arguments = [&own, arguments].concat();
        let launcher = Self::start_as(program, free_offset(), &arguments, environment);
        launcher.says("The shop is open.").await;
        let services = launcher.children();
        Opened {
            launcher,
            services,
            folder,
        }
    }

    /// A client of one of its ports, given without the offset.
    pub(crate) fn http(&self, port: u16) -> Http {
        Http::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port + self.offset)))
    }

    /// Waits until it has written this, and returns all lines from there on.
    pub(crate) async fn says(&self, text: &str) -> Vec<String> {
        eventually(text, async || {
            let lines = self.process.lines();
            let found = lines.iter().position(|line| line.contains(text));
            found.map(|at| lines[at..].to_vec()).ok_or(lines)
        })
        .await
    }

    /// The processes that it started, with their names.
    pub(crate) fn children(&self) -> Vec<(u32, String)> {
        let processes = std::fs::read_dir("/proc").unwrap();
        let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        ids.filter_map(|id: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let parent = stat.rsplit(") ").next()?.split(' ').nth(1)?.to_owned();
            let line = std::fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
            let program = Path::new(line.split('\0').next()?).file_name()?;
            (parent == self.process.id().to_string())
                .then(|| (id, program.to_string_lossy().into_owned()))
        })
        .collect()
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.process.wait(END_BOUND)
    }
}

/// A launcher whose shop is open.
pub(crate) struct Opened {
    pub(crate) launcher: Launcher,
    /// The processes that it had started when it was open.
    pub(crate) services: Vec<(u32, String)>,
    folder: TempDir,
}

impl Opened {
    /// The folder of its stores.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("stores")
    }

    /// Ends it, and opens another on the same stores.
    pub(crate) async fn again(mut self, arguments: &[&str]) -> Self {
        let data = self.data();
        self.launcher.process.signal(rustix::process::Signal::TERM);
        assert!(self.launcher.end().success());
        Launcher::open_in(Path::new(PROGRAM), self.folder, &data, arguments, &[]).await
    }

    /// Waits until nothing of it is left: no process and no listener.
    pub(crate) async fn is_gone(&self) {
        eventually("no process is left", async || {
            let left: Vec<_> = self
                .services
                .iter()
                .filter(|(id, _)| Path::new(&format!("/proc/{id}")).exists())
                .collect();
            if left.is_empty() {
                Ok(())
            } else {
                Err(format!("{left:?}"))
            }
        })
        .await;
        for (name, port) in PORTS {
            let port = port + self.launcher.offset;
            let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
            assert!(
                bound.is_ok(),
                "somebody still listens on the port of {name}"
            );
        }
    }
}
