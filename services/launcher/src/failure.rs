//! Why the shop did not open, or closed by itself, and the exit code that says so.

use std::io;

use crate::build::BuildError;
use crate::ports::PortError;
use crate::supervisor::SupervisorError;

/// The reason.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A port is not free.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Something could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A process did not start, or ended by itself.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// Any other error of the operating system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    /// sysexits(3): EX_UNAVAILABLE, EX_SOFTWARE; 1 when a process ended.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Port(_) => 69,
            Self::Build(_) => 70,
            Self::Supervisor(_) | Self::Io(_) => 1,
        }
    }
}
