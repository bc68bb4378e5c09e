//! A fault that is on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::IntCounter;
use tokio::sync::Mutex;

use crate::fault::Fault;
use crate::growth::Growth;
use crate::{FailStatus, Name};

/// A fault with what it needs while it is on.
#[derive(Debug)]
pub(crate) struct ActiveFault {
    pub(crate) name: Name,
    pub(crate) fault: Fault,
    pub(crate) injections: IntCounter,
    /// The requests of its route so far.
    requests: AtomicU64,
    /// The lock on which they take turns.
    pub(crate) lock: Mutex<()>,
    _growth: Option<Growth>,
}

/// What is done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Wait(Duration),
    Fail(FailStatus),
    /// Hold the lock.
    Hold(Duration),
    /// Block the thread.
    Block(Duration),
}

impl ActiveFault {
    pub(crate) fn new(name: Name, fault: Fault, injections: IntCounter) -> Self {
        let growth = match &fault {
            Fault::Memory(memory) => Some(Growth::start(memory, injections.clone())),
            _ => None,
        };
        Self {
            name,
            fault,
            injections,
            requests: AtomicU64::default(),
            lock: Mutex::default(),
            _growth: growth,
        }
    }

    /// What is done to the next request of its route.
    pub(crate) fn next(&self) -> Option<Effect> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        let effect = match &self.fault {
            Fault::Delay(delay) if delay.share.hits(before) => {
                Effect::Wait(Duration::from_millis(delay.milliseconds.into()))
            }
            Fault::Fail(fail) if fail.share.hits(before) => Effect::Fail(fail.status),
            Fault::Lock(lock) => Effect::Hold(Duration::from_millis(lock.milliseconds.into())),
            Fault::Block(block) => Effect::Block(Duration::from_millis(block.milliseconds.into())),
            _ => return None,
        };
        self.injections.inc();
        Some(effect)
    }
}
