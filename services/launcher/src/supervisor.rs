//! The processes of the shop: started together, ended together.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::args::Args;
use crate::services::{SERVICES, Service};

/// A service is ready within milliseconds; a machine under load gets a thousand times that.
const READY_BOUND: Duration = Duration::from_secs(30);

/// How long the services may drain before they are killed: their own bounds and a little.
const STOP_BOUND: Duration = Duration::from_secs(15);

/// How many of its last lines a process is remembered by, should it die.
const LAST_LINES: usize = 5;

/// Something that a process did.
#[derive(Debug)]
pub enum Event {
    /// It wrote a line.
    Line {
        /// Its name.
        name: &'static str,
        /// The line; a text when it is no JSON.
        line: Value,
    },
}

/// Why the shop ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// A program could not be started.
    #[error("{name} cannot be started: {error}")]
    Start {
        /// Its name.
        name: &'static str,
        /// The reason.
        error: io::Error,
    },
    /// A program ended, and with it the shop.
    #[error("{name} ended ({status}), so the whole shop does. Its last lines:\n{lines}")]
    Died {
        /// Its name.
        name: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The last that it wrote.
        lines: String,
    },
    /// A program did not become ready.
    #[error("{name} did not become ready within {} s", READY_BOUND.as_secs())]
    NotReady {
        /// Its name.
        name: &'static str,
    },
}

/// The running processes.
#[derive(Debug)]
pub struct Shop {
    processes: Vec<Process>,
    lines: mpsc::Sender<Event>,
}

#[derive(Debug)]
struct Process {
    name: &'static str,
    child: Child,
    last_lines: VecDeque<String>,
}

impl Shop {
    /// A shop without processes, and the far end of what they will do.
    pub fn new() -> (Self, mpsc::Receiver<Event>) {
        // A reader that falls behind makes the writers wait; their own queues are bounded.
        let (lines, events) = mpsc::channel(1024);
        (
            Self {
                processes: Vec::new(),
                lines,
            },
            events,
        )
    }

    /// Starts all services and waits until each is ready.
    pub async fn start(
        &mut self,
        args: &Args,
        binaries: &Path,
        assets: &Path,
        events: &mut mpsc::Receiver<Event>,
        mut seen: impl FnMut(&'static str, Value),
    ) -> Result<(), SupervisorError> {
        for service in SERVICES {
            self.spawn_service(service, args, binaries, assets)?;
        }
        let mut waiting: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
        let deadline = tokio::time::Instant::now() + READY_BOUND;
        while let Some(first) = waiting.first() {
            tokio::select! {
                Some(Event::Line { name, line }) = events.recv() => {
                    if line["address"].is_string() {
                        waiting.retain(|other| *other != name);
                    }
                    self.remember(name, &line);
                    seen(name, line);
                }
                died = self.died() => return Err(self.obituary(died, events)),
                () = tokio::time::sleep_until(deadline) => {
                    return Err(SupervisorError::NotReady { name: first });
                }
            }
        }
        Ok(())
    }

    fn spawn_service(
        &mut self,
        service: Service,
        args: &Args,
        binaries: &Path,
        assets: &Path,
    ) -> Result<(), SupervisorError> {
        let mut command = command(&binaries.join(service.name));
        command.envs(service.environment(args, assets));
        self.spawn(service.name, command)
    }

    /// Starts the load generator against the gateway, for as long as the shop is open.
    pub fn start_load(&mut self, args: &Args, binaries: &Path) -> Result<(), SupervisorError> {
        let mut command = command(&binaries.join("load-generator"));
        command
            .args(["--duration", "forever", "--restock"])
            .env("GATEWAY_SERVICE_URL", SERVICES[3].url(args));
        self.spawn("load-generator", command)
    }

    fn spawn(&mut self, name: &'static str, mut command: Command) -> Result<(), SupervisorError> {
        let failed = |error| SupervisorError::Start { name, error };
        let mut child = command
            // Ctrl-C is for the launcher, which ends them in its own order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        if let Some(output) = child.stdout.take() {
            tokio::spawn(read(name, output, self.lines.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(read(name, output, self.lines.clone()));
        }
        self.processes.push(Process {
            name,
            child,
            last_lines: VecDeque::new(),
        });
        Ok(())
    }

    /// Keeps a line for the case that its process dies.
    pub fn remember(&mut self, name: &str, line: &Value) {
        if let Some(process) = self
            .processes
            .iter_mut()
            .find(|process| process.name == name)
        {
            if process.last_lines.len() == LAST_LINES {
                process.last_lines.pop_front();
            }
            process.last_lines.push_back(
                line.as_str()
                    .map_or_else(|| line.to_string(), str::to_owned),
            );
        }
    }

    /// Waits until a process has ended; which one, and how.
    pub async fn died(&mut self) -> (usize, ExitStatus) {
        let ends = self
            .processes
            .iter_mut()
            .enumerate()
            .map(|(index, process)| Box::pin(async move { (index, process.child.wait().await) }));
        let mut ends: Vec<_> = ends.collect();
        std::future::poll_fn(|task| {
            for end in &mut ends {
                if let std::task::Poll::Ready((index, Ok(status))) = end.as_mut().poll(task) {
                    return std::task::Poll::Ready((index, status));
                }
            }
            std::task::Poll::Pending
        })
        .await
    }

    /// What is to be said of a process that has ended.
    pub fn obituary(
        &mut self,
        (index, status): (usize, ExitStatus),
        events: &mut mpsc::Receiver<Event>,
    ) -> SupervisorError {
        while let Ok(Event::Line { name, line }) = events.try_recv() {
            self.remember(name, &line);
        }
        let process = &self.processes[index];
        let lines: Vec<_> = process
            .last_lines
            .iter()
            .map(|line| format!("  {line}"))
            .collect();
        SupervisorError::Died {
            name: process.name,
            status,
            lines: lines.join("\n"),
        }
    }

    /// Ends all processes: SIGTERM, and SIGKILL for those that do not drain in time. What they
    /// still write is thrown away.
    pub async fn stop(mut self, mut events: mpsc::Receiver<Event>) {
        for process in &self.processes {
            let id = process.child.id().and_then(|id| i32::try_from(id).ok());
            if let Some(id) = id.and_then(Pid::from_raw) {
                let _ = kill_process(id, Signal::TERM);
            }
        }
        drop(self.lines);
        let drain = async { while events.recv().await.is_some() {} };
        let all = async {
            for process in &mut self.processes {
                let _ = process.child.wait().await;
            }
        };
        let ended = async { tokio::join!(drain, all) };
        tokio::select! {
            _ = ended => {}
            () = tokio::time::sleep(STOP_BOUND) => {
                println!("some services did not end in time and are killed");
            }
            // Whoever asks twice does not want to wait; the children are killed on drop.
            _ = tokio::signal::ctrl_c() => println!("killed"),
        }
    }
}

/// A command that ends with the launcher even when that is killed, where the host has setpriv
/// (util-linux): the kernel then sends SIGTERM.
fn command(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

async fn read(name: &'static str, output: impl AsyncRead + Unpin, lines: mpsc::Sender<Event>) {
    let mut reader = BufReader::new(output).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
        if lines.send(Event::Line { name, line }).await.is_err() {
            return;
        }
    }
}
