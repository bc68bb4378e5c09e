//! What systemd does for a scenario.

use std::process::Command;

use crate::failure::Failure;

/// The unit of the folder of faults: where it is, the shop's units are, too.
const UNIT: &str = "hello-observability-faults.service";

/// Whether systemd runs the shop here. A host of systemd on which `cargo run` does is no such one.
pub(crate) fn runs_the_shop() -> bool {
    let asked = Command::new("systemctl")
        .args(["--quiet", "is-active", UNIT])
        .status();
    asked.is_ok_and(|status| status.success())
}

/// Runs commands one after the other, up to the first that fails.
pub(crate) fn run(commands: &[Vec<String>]) -> Result<(), Failure> {
    commands.iter().try_for_each(|words| one(words))
}

fn one(words: &[String]) -> Result<(), Failure> {
    let (program, arguments) = words.split_first().expect("a test reads each");
    let failed = |what: String| Failure::Command {
        command: words.join(" "),
        what,
    };
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(failed(format!("{}: {}", output.status, said.trim())))
    }
}
