//! Why the shop did not open, or closed by itself, and the exit code that says so.

use std::io;

use crate::build::BuildError;
use crate::ports::PortError;
use crate::supervisor::SupervisorError;

/// The reason.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A port cannot be had.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Something could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A part did not start, or died.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// Something else that the system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    /// sysexits(3): EX_UNAVAILABLE, EX_SOFTWARE; 1 when a part died.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Port(_) => 69,
            Self::Build(_) => 70,
            Self::Supervisor(_) | Self::Io(_) => 1,
        }
    }
}
