//! A service under test: a child process, its log, and the ways to end it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::binary;

/// An event as the service wrote it.
pub type LogLine = Value;

/// How long a service may take from its start to its listening: a thousand times its goal.
const START_BOUND: Duration = Duration::from_secs(30);

/// A running service.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Mutex<Vec<LogLine>>>,
    lines: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    address: Option<SocketAddr>,
}

impl Process {
    /// Starts the service `name` with this environment, nothing else, and waits until it
    /// listens. `PORT` is 0 unless given.
    pub fn start(name: &str, environment: &[(&str, OsString)]) -> Self {
        Self::spawn(&binary(name), name, &[], environment).until_listening()
    }

    /// Waits until it has logged the `address` at which it listens.
    #[must_use]
    pub fn until_listening(mut self) -> Self {
        self.address = Some(self.wait_until_listening());
        self
    }

    /// Starts a program and does not wait for anything. Its log is expected as JSON on its
    /// standard output, unless `LOG_FORMAT` is given.
    pub fn spawn(
        program: &Path,
        name: &str,
        arguments: &[OsString],
        environment: &[(&str, OsString)],
    ) -> Self {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LOG_FORMAT", "json")
            .env("PORT", "0")
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let (log, errors) = (
            Arc::<Mutex<Vec<LogLine>>>::default(),
            Arc::<Mutex<String>>::default(),
        );
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (log_end, error_end) = (Arc::clone(&log), Arc::clone(&errors));
        let lines_end = Arc::clone(&lines);
        let json = !environment.iter().any(|(name, _)| *name == "LOG_FORMAT");
        let readers = vec![
            std::thread::spawn(move || {
                for line in BufReader::new(stdout.expect("a pipe"))
                    .lines()
                    .map_while(Result::ok)
                {
                    if !json {
                        lines_end.lock().expect("no panic").push(line);
                        continue;
                    }
                    let event = serde_json::from_str(&line)
                        .unwrap_or_else(|error| panic!("no JSON line: {error}: {line}"));
                    log_end.lock().expect("no panic").push(event);
                }
            }),
            std::thread::spawn(move || {
                for line in BufReader::new(stderr.expect("a pipe"))
                    .lines()
                    .map_while(Result::ok)
                {
                    let mut errors = error_end.lock().expect("no panic");
                    errors.push_str(&line);
                    errors.push('\n');
                }
            }),
        ];
        Self {
            name: name.to_owned(),
            child,
            log,
            lines,
            errors,
            readers,
            address: None,
        }
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address.expect("the process was started as a service")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<LogLine> {
        self.log.lock().expect("no panic").clone()
    }

    /// The lines on its standard output so far, when `LOG_FORMAT` was given.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no panic").clone()
    }

    /// The memory that it holds (VmRSS), in bytes.
    pub fn resident_bytes(&self) -> u64 {
        self.status_field("VmRSS:") * 1024
    }

    /// The most memory that it has held (VmHWM), in bytes.
    pub fn peak_resident_bytes(&self) -> u64 {
        self.status_field("VmHWM:") * 1024
    }

    /// The processor time that it has used, in clock ticks of 10 ms.
    pub fn processor_time(&self) -> Duration {
        processor_time(&self.id().to_string())
    }

    fn status_field(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("alive");
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .expect("the field");
        line.split_whitespace()
            .nth(1)
            .and_then(|value| value.parse().ok())
            .expect("a number")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process id");
        kill_process(id, signal).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends SIGTERM and waits for the end, which must come within `bound`.
    pub fn terminate(&mut self, bound: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(bound)
    }

    /// Waits for the end, which must come within `bound`. The log is complete after this.
    pub fn wait(&mut self, bound: Duration) -> ExitStatus {
        let deadline = Instant::now() + bound;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                self.read_to_the_end();
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "{} did not end within {bound:?}",
                self.name
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What it wrote to standard error; complete after [`Process::wait`].
    pub fn errors(&self) -> String {
        self.errors.lock().expect("no panic").clone()
    }

    fn read_to_the_end(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().expect("a JSON line each");
        }
    }

    fn wait_until_listening(&mut self) -> SocketAddr {
        let deadline = Instant::now() + START_BOUND;
        loop {
            let found = self.log.lock().expect("no panic").iter().find_map(|line| {
                line["address"]
                    .as_str()
                    .and_then(|address| address.parse().ok())
            });
            if let Some(address) = found {
                return address;
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                self.read_to_the_end();
                panic!(
                    "{} ended at its start: {status}: {}",
                    self.name,
                    self.errors()
                );
            }
            assert!(
                Instant::now() < deadline,
                "{} does not listen: {:?}",
                self.name,
                self.log()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The processor time that a process and its ended children have used, by its name under `/proc`,
/// in clock ticks of 10 ms.
pub fn processor_time(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("alive");
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    let times = fields[11..15].iter();
    let ticks: u64 = times
        .map(|time| time.parse::<u64>().expect("utime, stime, cutime, cstime"))
        .sum();
    Duration::from_millis(ticks * 10)
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            // What it had to say may be why. A child of its own may hold the pipes open.
            let deadline = Instant::now() + Duration::from_secs(1);
            while Instant::now() < deadline && !self.readers.iter().all(JoinHandle::is_finished) {
                std::thread::sleep(Duration::from_millis(1));
            }
            let log = self.log().into_iter().map(|line| line.to_string());
            let errors = self.errors();
            let errors = errors.lines().map(str::to_owned);
            for line in log.chain(self.lines()).chain(errors) {
                eprintln!("{}: {line}", self.name);
            }
        }
    }
}
