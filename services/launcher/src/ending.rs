//! The end that somebody asks for.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Comes to its end with Ctrl-C, SIGTERM, or the closing of the terminal. From this call on none
/// of them kills the launcher before it has ended its services.
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
