//! The processes of the shop: started together, ended together.

use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::task::Poll;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::args::Args;
use crate::process::{Line, Process, command};
use crate::services::{SERVICES, Service};

/// A service is ready within milliseconds; a machine under load gets a thousand times that.
const READY_BOUND: Duration = Duration::from_secs(30);

/// How long the services may drain before they are killed: their own bounds and a little.
const STOP_BOUND: Duration = Duration::from_secs(15);

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
    lines: mpsc::Sender<Line>,
}

impl Shop {
    /// A shop without processes, and the far end of what they will write.
    pub fn new() -> (Self, mpsc::Receiver<Line>) {
        // A reader that falls behind makes the writers wait; their own queues are bounded.
        let (lines, written) = mpsc::channel(1024);
        let processes = Vec::new();
        (Self { processes, lines }, written)
    }

    /// Starts all services and waits until each is ready.
    pub async fn start(
        &mut self,
        args: &Args,
        binaries: &Path,
        assets: &Path,
        written: &mut mpsc::Receiver<Line>,
        mut seen: impl FnMut(&'static str, Value),
    ) -> Result<(), SupervisorError> {
        for service in SERVICES {
            self.start_service(service, args, binaries, assets)?;
        }
        let mut waiting: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
        let deadline = tokio::time::Instant::now() + READY_BOUND;
        while let Some(first) = waiting.first() {
            tokio::select! {
                Some(Line { name, line }) = written.recv() => {
                    if line["address"].is_string() {
                        waiting.retain(|other| *other != name);
                    }
                    self.remember(name, &line);
                    seen(name, line);
                }
                died = self.died() => return Err(self.obituary(died, written)),
                () = tokio::time::sleep_until(deadline) => {
                    return Err(SupervisorError::NotReady { name: first });
                }
            }
        }
        Ok(())
    }

    fn start_service(
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

    fn spawn(
        &mut self,
        name: &'static str,
        command: tokio::process::Command,
    ) -> Result<(), SupervisorError> {
        let process = Process::spawn(name, command, &self.lines)
            .map_err(|error| SupervisorError::Start { name, error })?;
        self.processes.push(process);
        Ok(())
    }

    /// Keeps a line for the case that its process dies.
    pub fn remember(&mut self, name: &str, line: &Value) {
        let mut processes = self.processes.iter_mut();
        if let Some(process) = processes.find(|process| process.name == name) {
            process.remember(line);
        }
    }

    /// Waits until a process has ended; which one, and how.
    pub async fn died(&mut self) -> (usize, ExitStatus) {
        let processes = self.processes.iter_mut().enumerate();
        let mut ends: Vec<_> = processes
            .map(|(index, process)| Box::pin(async move { (index, process.wait().await) }))
            .collect();
        std::future::poll_fn(|task| {
            for end in &mut ends {
                if let Poll::Ready((index, Ok(status))) = end.as_mut().poll(task) {
                    return Poll::Ready((index, status));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// What is to be said of a process that has ended.
    pub fn obituary(
        &mut self,
        (index, status): (usize, ExitStatus),
        written: &mut mpsc::Receiver<Line>,
    ) -> SupervisorError {
        while let Ok(Line { name, line }) = written.try_recv() {
            self.remember(name, &line);
        }
        let process = &self.processes[index];
        SupervisorError::Died {
            name: process.name,
            status,
            lines: process.last_lines(),
        }
    }

    /// Ends all processes: SIGTERM, and SIGKILL for those that do not drain in time. What they
    /// still write is thrown away.
    pub async fn stop(mut self, mut written: mpsc::Receiver<Line>) {
        for process in &self.processes {
            process.terminate();
        }
        drop(self.lines);
        let drain = async { while written.recv().await.is_some() {} };
        let all = async {
            for process in &mut self.processes {
                let _ = process.wait().await;
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
