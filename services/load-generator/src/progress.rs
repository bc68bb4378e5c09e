//! Progress during a run: on a terminal one line that is redrawn, elsewhere a line every ten seconds,
//! and a status for systemd.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::args::Length;
use crate::traffic::Traffic;

/// The running display.
#[derive(Debug)]
pub(crate) struct Progress {
    task: JoinHandle<()>,
    terminal: bool,
}

impl Progress {
    pub(crate) fn start(traffic: Arc<Traffic>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let interval = Duration::from_secs(if terminal { 1 } else { 10 });
        Self {
            task: tokio::spawn(show(traffic, interval, terminal)),
            terminal,
        }
    }

    pub(crate) fn stop(self) {
        self.task.abort();
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

async fn show(traffic: Arc<Traffic>, interval: Duration, terminal: bool) {
    let begun = Instant::now();
    let mut tick = tokio::time::interval(interval);
    tick.tick().await;
    let (mut last, mut last_at) = (0, begun);
    loop {
        tick.tick().await;
        let (requests, failed) = traffic.record.counts();
        let rate = f64::from(u32::try_from(requests - last).unwrap_or(u32::MAX))
            / last_at.elapsed().as_secs_f64();
        (last, last_at) = (requests, Instant::now());
        let passed = begun.elapsed().as_secs();
        let of = match traffic.args.length() {
            Length::For(length) => format!("{passed} of {} s", length.as_secs()),
            Length::Forever => format!("{passed} s"),
        };
        let line = format!("{of}: {requests} requests, {rate:.0} a second, {failed} failed");
        if terminal {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
        let _ = sd_notify::notify(&[NotifyState::Status(&line)]);
    }
}
