//! A service as a systemd unit would run it: told where its journal is, and telling when it is
//! ready.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use harness::journal::spawn_with_journal;
use harness::{Manager, Process, binary};

use crate::args::Args;
use crate::journal::Journal;

/// What all measurements share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) args: Args,
    journal: Result<Journal, String>,
}

/// How much of the telemetry is on, each with those before it. Metrics always are.
#[derive(Clone, Debug)]
pub(crate) enum Layers {
    Metrics,
    Logs,
    /// Spans are made, and nobody gets them.
    Spans,
    /// Spans go to this receiver.
    Exported(String),
}

/// A running service, and the manager that it tells when it is ready.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    _manager: Manager,
}

impl World {
    pub(crate) fn new(args: Args) -> Self {
        let journal = Journal::open();
        Self { args, journal }
    }

    /// Where the log entries go, in a line.
    pub(crate) fn logs(&self) -> String {
        match &self.journal {
            Ok(_) => format!(
                "logs:    native journal entries, read from the socket{}",
                Journal::queue()
            ),
            Err(why) => format!("logs:    JSON to /dev/null, for want of a namespace: {why}"),
        }
    }

    /// Starts a service and waits until it is ready.
    pub(crate) fn start(
        &self,
        name: &str,
        layers: &Layers,
        environment: &[(&'static str, String)],
    ) -> Unit {
        let manager = Manager::new();
        let mut all = manager.environment();
        all.extend(layers.environment());
        let given = environment.iter();
        all.extend(given.map(|(name, value)| (*name, OsString::from(value))));
        let process = match &self.journal {
            Ok(journal) => spawn_with_journal(journal.folder(), name, &all),
            Err(_) => spawn_silent(name, &all),
        };
        let address = manager.ready();
        Unit {
            process,
            address,
            _manager: manager,
        }
    }
}

impl Layers {
    /// The environment that switches the telemetry on and off.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment: Vec<(&'static str, OsString)> = Vec::new();
        match self {
            Self::Metrics => environment.push(("RUST_LOG", "off".into())),
            Self::Exported(endpoint) => {
                environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.into()));
            }
            Self::Logs | Self::Spans => {}
        }
        if matches!(self, Self::Metrics | Self::Logs) {
            environment.push(("OTEL_SDK_DISABLED", "true".into()));
        }
        environment
    }
}

/// A service whose log is written as JSON and read by nobody.
fn spawn_silent(name: &str, environment: &[(&'static str, OsString)]) -> Process {
    let program = binary(name).into_os_string();
    let enter = ["-c", r#"exec "$0" >/dev/null"#].map(OsString::from);
    let arguments = [&enter[..], &[program]].concat();
    Process::spawn(Path::new("sh"), name, &arguments, environment)
}
