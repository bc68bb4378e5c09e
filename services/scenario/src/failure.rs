//! Why a command was not carried out, what to do about it, and the exit code that says so.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::services::Service;

/// The reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Faults are not enabled.
    #[error(
        "there is no folder {}, so faults are not enabled here. On NixOS set services.hello-observability.faults.enable = true; beside `cargo run` start this in the same folder, or name its folder by --faults-folder",
        .0.display()
    )]
    NotEnabled(PathBuf),
    /// Somebody else's folder.
    #[error("{} may not be written: run this as root, or as the user who runs the shop", .0.display())]
    NotPermitted(PathBuf),
    /// A file.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A faults file that somebody else has written.
    #[error("{} is refused: {error}", path.display())]
    FaultsFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: faults::file::FileError,
    },
    /// A service did not follow.
    #[error(
        "{service} at {url} does not say within {seconds} s that {name} is {wanted} (metric fault_active). Does it run, with FAULTS_FILE={}? Its log says when it refuses the file",
        path.display()
    )]
    NotSaid {
        /// The service.
        service: Service,
        /// Its address.
        url: String,
        /// The scenario.
        name: String,
        /// On or off.
        wanted: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// Its faults file.
        path: PathBuf,
    },
    /// A service did not answer as it should.
    #[error("{service} at {url}: {what}")]
    Service {
        /// The service.
        service: Service,
        /// Its address.
        url: String,
        /// What was wrong.
        what: String,
    },
    /// There is no systemd.
    #[error(
        "{0} needs systemd, which does not run the shop here: see \"On a Debian host with root\" and \"On a NixOS host\" in the README. The other scenarios work"
    )]
    NoSystemd(String),
    /// A command of systemd failed.
    #[error("`{command}` failed: {what}")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        what: String,
    },
}

impl Failure {
    /// That of sysexits(3).
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NotSaid { .. }
            | Self::Service { .. }
            | Self::NoSystemd(_)
            | Self::Command { .. } => 69, // EX_UNAVAILABLE
            Self::File { .. } | Self::FaultsFile { .. } => 73, // EX_CANTCREAT
            Self::NotPermitted(_) => 77,                       // EX_NOPERM
            Self::NotEnabled(_) => 78,                         // EX_CONFIG
        })
    }
}
