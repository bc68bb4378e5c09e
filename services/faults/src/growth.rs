//! A process that grows, as if it leaked memory.

use std::time::Duration;

use prometheus::IntCounter;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::fault::Memory;

/// Steps a second: the curve is smooth, and the largest step, 6.4 MiB, is written in a millisecond.
const STEPS: u32 = 10;

/// Memory that grows until it is dropped.
#[derive(Debug)]
pub(crate) struct Growth(JoinHandle<()>);

impl Growth {
    /// Begins to grow; each step counts as an injection.
    pub(crate) fn start(memory: &Memory, injections: IntCounter) -> Self {
        let bytes = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let step = bytes(u64::from(memory.bytes_per_second).div_ceil(STEPS.into()));
        let most = bytes(memory.up_to_bytes.into());
        Self(tokio::spawn(async move {
            let mut held = Vec::new();
            // In one piece, which goes back to the system as soon as it is freed; the system gives
            // pages only as they are written.
            if let Err(error) = held.try_reserve_exact(most) {
                tracing::error!(%error, "there are no {most} bytes to grow by: {error}");
                std::future::pending::<()>().await;
            }
            let mut ticks = interval(Duration::from_secs(1) / STEPS);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while held.len() < most {
                ticks.tick().await;
                held.resize(most.min(held.len() + step), 1_u8);
                injections.inc();
            }
            std::future::pending::<()>().await;
        }))
    }
}

impl Drop for Growth {
    fn drop(&mut self) {
        self.0.abort();
    }
}
