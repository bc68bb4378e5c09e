//! What systemd does for a scenario.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;

/// Whether systemd runs this machine (sd_booted(3)).
pub(crate) fn is_here() -> bool {
    Path::new("/run/systemd/system").is_dir()
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
