//! The processes of the shop: started together, stopped together.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::args::Args;
use crate::build::Built;
use crate::log_line::LogLine;
use crate::output::print;
use crate::process::{self, Ended, Event, Events, command};
use crate::services::{DETECTOR, GATEWAY, LOAD_GENERATOR, SERVICES};

/// A service is ready within milliseconds; a machine under load gets a thousand times that.
const READY_BOUND: Duration = Duration::from_secs(30);

/// How long the services may drain before they are killed: their own bounds and a little.
const STOP_BOUND: Duration = Duration::from_secs(15);

/// Why the shop closed by itself.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// A program could not be started.
    #[error("{name} cannot be started from {}: {error}", program.display())]
    Start {
        /// Its name.
        name: &'static str,
        /// The file.
        program: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A process ended by itself.
    #[error(
        "{name} ended ({}), so the shop closes. Its last lines:\n{}",
        how(status),
        indented(last_lines)
    )]
    Died {
        /// Its name.
        name: &'static str,
        /// How it ended.
        status: io::Result<ExitStatus>,
        /// The last that it wrote.
        last_lines: Vec<String>,
    },
    /// A program did not become ready.
    #[error("{name} did not become ready within {} s", READY_BOUND.as_secs())]
    NotReady {
        /// Its name.
        name: &'static str,
    },
}

/// A line that a process wrote.
#[derive(Debug)]
pub struct Line {
    /// The name of the process.
    pub name: &'static str,
    /// The line.
    pub text: String,
    /// The same as a log line, if it is one.
    pub log: Option<LogLine>,
}

/// The running processes.
#[derive(Debug)]
pub struct Shop {
    /// A task for each, which ends with its process and kills it when aborted.
    processes: JoinSet<()>,
    events: mpsc::Receiver<(&'static str, Event)>,
    send_events: Events,
    stopping: watch::Sender<bool>,
}

impl Shop {
    /// A shop without processes.
    pub fn new() -> Self {
        // While the launcher falls behind, the services wait; their own queues are bounded.
        let (send_events, events) = mpsc::channel(1024);
        Self {
            processes: JoinSet::new(),
            events,
            send_events,
            stopping: watch::Sender::new(false),
        }
    }

    /// Starts all services and waits until each is ready; `seen` gets what they write meanwhile.
    pub async fn start(
        &mut self,
        args: &Args,
        built: &Built,
        mut seen: impl FnMut(Line),
    ) -> Result<(), SupervisorError> {
        for service in SERVICES {
            let environment = service.environment(args, &built.page);
            self.spawn(service.name, built, |command| command.envs(environment))?;
        }
        let mut waiting: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
        let deadline = tokio::time::Instant::now() + READY_BOUND;
        while let Some(name) = waiting.first() {
            let line = tokio::select! {
                line = self.next() => line?,
                () = tokio::time::sleep_until(deadline) => {
                    return Err(SupervisorError::NotReady { name });
                }
            };
            if line.log.as_ref().is_some_and(LogLine::says_ready) {
                waiting.retain(|other| *other != line.name);
            }
            seen(line);
        }
        Ok(())
    }

    /// Starts the load generator against the gateway, for as long as the shop is open.
    pub fn start_load(&mut self, args: &Args, built: &Built) -> Result<(), SupervisorError> {
        self.spawn(LOAD_GENERATOR, built, |command| {
            command
                .args(["--forever", "--restock"])
                .env("GATEWAY_SERVICE_URL", GATEWAY.url(args))
        })
    }

    /// Starts the anomaly detector, which learns from the Prometheus at `prometheus_url`.
    pub fn start_detector(
        &mut self,
        args: &Args,
        built: &Built,
        prometheus_url: &str,
    ) -> Result<(), SupervisorError> {
        let environment = DETECTOR.environment(args, &built.page);
        self.spawn(DETECTOR.name, built, |command| {
            command
                .envs(environment)
                .env("PROMETHEUS_URL", prometheus_url)
        })
    }

    fn spawn(
        &mut self,
        name: &'static str,
        built: &Built,
        complete: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<(), SupervisorError> {
        let program = built.programs.join(name);
        let (events, stopping) = (self.send_events.clone(), self.stopping.subscribe());
        let started = command(&program).and_then(|mut command| {
            complete(&mut command);
            process::start(name, command, events, stopping)
        });
        let process = started.map_err(|error| SupervisorError::Start {
            name,
            program,
            error,
        })?;
        self.processes.spawn(process);
        Ok(())
    }

    /// The next line of any process; an error when one has ended. Cancel safe.
    pub async fn next(&mut self) -> Result<Line, SupervisorError> {
        match self.events.recv().await.expect("a sender is in `self`") {
            (name, Event::Wrote(text)) => {
                let log = LogLine::parse(&text);
                Ok(Line { name, text, log })
            }
            (name, Event::Ended(Ended { status, last_lines })) => Err(SupervisorError::Died {
                name,
                status,
                last_lines,
            }),
        }
    }

    /// Stops all processes: SIGTERM, and SIGKILL for those that do not drain in time. What they
    /// still write is thrown away.
    pub async fn stop(self) {
        let Self {
            mut processes,
            mut events,
            send_events,
            stopping,
        } = self;
        drop(send_events);
        stopping.send_replace(true);
        // The last sender goes with the last process.
        let all_ended = async { while events.recv().await.is_some() {} };
        tokio::select! {
            () = all_ended => {}
            () = tokio::time::sleep(STOP_BOUND) => {
                print("some services did not stop in time and are killed\n");
            }
            // A second Ctrl-C: no more patience.
            _ = tokio::signal::ctrl_c() => print("killed\n"),
        }
        processes.shutdown().await;
    }
}

impl Default for Shop {
    fn default() -> Self {
        Self::new()
    }
}

fn how(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("its exit status is lost: {error}"),
    }
}

fn indented(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
