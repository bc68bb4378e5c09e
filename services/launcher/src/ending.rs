//! The signals that ask the launcher to end.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Resolves at Ctrl-C, SIGTERM, or when the terminal is closed. From this call on none of them
/// kills the launcher, so that it can stop its services first.
pub fn ending() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
