//! What can be made to go wrong in a service, and within which bounds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FaultRoute, Share, Within};

/// A fault of one kind, as the file has it: `{"delay": {"route": .., "share": .., ..}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Requests wait before they are answered.
    Delay(Delay),
    /// Requests are answered with an error, and nothing is done.
    Fail(Fail),
    /// Requests take turns on a lock.
    Lock(Lock),
    /// Requests hold the thread that runs them all.
    Block(Block),
    /// The process grows, as if it leaked.
    Memory(Memory),
    /// Made by systemd, the kernel or the API. The service only says that it is on, so that the page
    /// and the metrics tell of it as of any other.
    Outside,
}

/// See [`Fault::Delay`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// The requests that are delayed.
    pub route: FaultRoute,
    /// How many of them.
    pub share: Share,
    /// How long each waits. At most ten seconds, the longest that the gateway waits: whatever is
    /// slower looks as if it hung, and SIGSTOP does that without code.
    pub milliseconds: Within<1, 10_000>,
}

/// See [`Fault::Fail`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// The requests that fail.
    pub route: FaultRoute,
    /// How many of them.
    pub share: Share,
    /// What they are answered with.
    pub status: FailStatus,
}

/// See [`Fault::Lock`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The requests that take turns.
    pub route: FaultRoute,
    /// How long each holds the lock. At most a second: a queue of three then exceeds every deadline
    /// of the shop's own clients.
    pub milliseconds: Within<1, 1_000>,
}

/// See [`Fault::Block`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The requests that hold the thread.
    pub route: FaultRoute,
    /// How long each holds it: as long as a computation, or a call that blocks, would. At most a second,
    /// since probes wait as well, and the watchdog.
    pub milliseconds: Within<1, 1_000>,
}

/// See [`Fault::Memory`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// How fast the process grows. At most 64 MiB a second: faster than anybody can look is a kill.
    pub bytes_per_second: Within<1, { 64 << 20 }>,
    /// By how much it grows. At most 1 GiB, several times the limit of a unit of the shop and still
    /// less than a host has on which nothing limits the process.
    pub up_to_bytes: Within<1, { 1 << 30 }>,
}

/// The status of a failing answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum FailStatus {
    /// 500: a fault of ours.
    Internal,
    /// 503: not now, with `Retry-After`.
    Unavailable,
}

/// The number is no status of a failing answer.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a status that a fault can answer with: 500 or 503")]
pub struct InvalidStatus(u16);

impl Fault {
    /// The route that it is about, if it is about one.
    pub const fn route(&self) -> Option<&FaultRoute> {
        match self {
            Self::Delay(Delay { route, .. })
            | Self::Fail(Fail { route, .. })
            | Self::Lock(Lock { route, .. })
            | Self::Block(Block { route, .. }) => Some(route),
            Self::Memory(_) | Self::Outside => None,
        }
    }
}

impl TryFrom<u16> for FailStatus {
    type Error = InvalidStatus;

    fn try_from(status: u16) -> Result<Self, InvalidStatus> {
        match status {
            500 => Ok(Self::Internal),
            503 => Ok(Self::Unavailable),
            other => Err(InvalidStatus(other)),
        }
    }
}

impl From<FailStatus> for u16 {
    fn from(status: FailStatus) -> Self {
        match status {
            FailStatus::Internal => 500,
            FailStatus::Unavailable => 503,
        }
    }
}

impl fmt::Display for Fault {
    /// What it does, as the end of a sentence.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(delay) => write!(
                formatter,
                "{} of the requests {} wait for {} ms",
                delay.share,
                delay.route,
                u64::from(delay.milliseconds)
            ),
            Self::Fail(fail) => write!(
                formatter,
                "{} of the requests {} are answered with {}",
                fail.share,
                fail.route,
                u16::from(fail.status)
            ),
            Self::Lock(lock) => write!(
                formatter,
                "requests {} take turns on a lock, {} ms each",
                lock.route,
                u64::from(lock.milliseconds)
            ),
            Self::Block(block) => write!(
                formatter,
                "requests {} hold the thread that runs all of them, {} ms each",
                block.route,
                u64::from(block.milliseconds)
            ),
            Self::Memory(memory) => write!(
                formatter,
                "the process grows by {} bytes a second, up to {}",
                u64::from(memory.bytes_per_second),
                u64::from(memory.up_to_bytes)
            ),
            Self::Outside => write!(formatter, "it is made outside of this process"),
        }
    }
}
