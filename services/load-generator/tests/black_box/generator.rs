//! The load generator as a process.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::stand_in::StandIn;

/// A running load generator.
pub(crate) struct Generator(Child);

/// A load generator that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Generator {
    /// Starts one that writes its report as JSON to standard output.
    pub(crate) fn start(shop: &StandIn, arguments: &str) -> Self {
        Self::spawn(command(shop).args(["--report", "-"]).args(words(arguments)))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ended {
        let output = self.0.wait_with_output().unwrap();
        Ended {
            code: output.status.code().expect("no signal ends it"),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn interrupt(self) -> Ended {
        self.signal(Signal::INT);
        self.end()
    }
}

impl Ended {
    /// The JSON report on standard output.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs one to its end, with its report as JSON on standard output.
pub(crate) fn run(shop: &StandIn, arguments: &str) -> Ended {
    Generator::start(shop, arguments).end()
}

/// A load generator that is not started yet, in an environment with nothing but the target.
pub(crate) fn command(shop: &StandIn) -> Command {
    let mut command = bare();
    command.env("GATEWAY_SERVICE_URL", shop.url());
    command
}

/// A load generator that is not started yet, in an empty environment.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_load-generator")));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn words(arguments: &str) -> impl Iterator<Item = &str> {
    arguments.split_whitespace()
}
