//! Why a peer gave no answer, and whether it may have seen the request.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Why a peer gave no answer. Names the peer, never its address: this may reach a client.
///
/// After [`CircuitOpen`](Self::CircuitOpen), [`NoTimeLeft`](Self::NoTimeLeft) and
/// [`Unreachable`](Self::Unreachable) the peer has not seen the request. After the other errors it may have acted on it, except where the body
/// to be sent was at fault: a peer acts on no half of a body.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// Not sent: the peer has failed too often in a row and is left alone for a while.
    #[error("{peer} is left alone after repeated failures")]
    CircuitOpen {
        /// Its name.
        peer: &'static str,
        /// How long it is still left alone.
        retry_after: Duration,
        /// The failure that opened the circuit, for the log.
        #[source]
        reason: LastFailure,
    },
    /// Not sent: the time of the request on which the caller works was over.
    #[error("there was no time left to ask {peer}")]
    NoTimeLeft {
        /// Its name.
        peer: &'static str,
    },
    /// Not sent: the name was not resolved, or there was no connection, or the connection was
    /// gone before the first byte was written.
    #[error("{peer} cannot be reached")]
    Unreachable {
        /// Its name.
        peer: &'static str,
        /// What happened, for the log.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The connection broke after the request was sent, in part or perhaps, and before the
    /// answer was complete.
    #[error("{peer} broke off before its answer was complete")]
    BrokenOff {
        /// Its name.
        peer: &'static str,
        /// What happened, for the log.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The request was sent, and the answer did not come in time.
    #[error("{peer} did not answer in time")]
    Timeout {
        /// Its name.
        peer: &'static str,
    },
    /// It answered, but not what the contract says.
    #[error("{peer} answered something unexpected: {what}")]
    Unexpected {
        /// Its name.
        peer: &'static str,
        /// What it was.
        what: String,
    },
    /// The body to be sent broke off: the caller's client went away. Like the next two, this is
    /// not the peer's fault.
    #[error("the request to {peer} broke off")]
    RequestBroken {
        /// The name of the peer.
        peer: &'static str,
    },
    /// The body to be sent was larger than the limit.
    #[error("the request to {peer} was too large")]
    RequestTooLarge {
        /// The name of the peer.
        peer: &'static str,
    },
    /// The body to be sent did not come to its end in time.
    #[error("the request to {peer} came too slowly")]
    RequestTooSlow {
        /// The name of the peer.
        peer: &'static str,
    },
}

/// What the failure was that opened a circuit, with all its causes.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct LastFailure(pub(crate) Arc<str>);

impl PeerError {
    /// The name of the peer.
    pub const fn peer(&self) -> &'static str {
        match self {
            Self::CircuitOpen { peer, .. }
            | Self::Unreachable { peer, .. }
            | Self::BrokenOff { peer, .. }
            | Self::Timeout { peer }
            | Self::NoTimeLeft { peer }
            | Self::Unexpected { peer, .. }
            | Self::RequestBroken { peer }
            | Self::RequestTooLarge { peer }
            | Self::RequestTooSlow { peer } => peer,
        }
    }

    /// The error of a peer among `error` and its causes: a forwarded body fails with it inside.
    pub fn cause_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |&error| error.source())
            .find_map(|error| error.downcast_ref())
    }

    /// The error with all its causes, for a log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// Whether the peer failed, so that its circuit counts it.
    pub(crate) const fn is_failure_of_the_peer(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::BrokenOff { .. } | Self::Timeout { .. }
        )
    }

    /// Whether the peer has not seen the request.
    pub(crate) const fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::CircuitOpen { .. } | Self::NoTimeLeft { .. } | Self::Unreachable { .. }
        )
    }

    /// The value of `error.type` on a span (semantic conventions, "HTTP client").
    pub(crate) const fn error_type(&self) -> &'static str {
        match self {
            Self::CircuitOpen { .. } => "circuit_open",
            Self::Unreachable { .. } => "unreachable",
            Self::BrokenOff { .. } => "broken_off",
            Self::Timeout { .. } => "timeout",
            Self::NoTimeLeft { .. } => "no_time_left",
            Self::Unexpected { .. } => "unexpected_answer",
            Self::RequestBroken { .. } => "request_broken_off",
            Self::RequestTooLarge { .. } => "request_too_large",
            Self::RequestTooSlow { .. } => "request_too_slow",
        }
    }

    /// The value of the label `status` in metrics, where an answer has its status code: the words
    /// of Micrometer.
    pub(crate) const fn metric_status(&self) -> &'static str {
        match self {
            Self::Timeout { .. } | Self::NoTimeLeft { .. } => "TIMEOUT",
            Self::CircuitOpen { .. }
            | Self::Unreachable { .. }
            | Self::BrokenOff { .. }
            | Self::Unexpected { .. } => "IO_ERROR",
            Self::RequestBroken { .. }
            | Self::RequestTooLarge { .. }
            | Self::RequestTooSlow { .. } => "CANCELLED",
        }
    }
}
