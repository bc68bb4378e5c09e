//! Why a peer gave no answer.

/// Why a peer gave no answer. Names the peer, never its address: this may reach a client.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It has failed too often in a row and is left alone for a moment.
    #[error("{peer} is left alone after repeated failures")]
    CircuitOpen {
        /// Its name.
        peer: &'static str,
    },
    /// There was no connection, or it broke before the answer was complete.
    #[error("{peer} cannot be reached")]
    Unreachable {
        /// Its name.
        peer: &'static str,
        /// What happened, for the log.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The body to be sent broke off: the caller's client went away. Like the next two, this is
    /// not the peer's fault.
    #[error("the request to {peer} broke off")]
    RequestBroken {
        /// Its name.
        peer: &'static str,
    },
    /// The body to be sent was larger than the limit.
    #[error("the request to {peer} was too large")]
    RequestTooLarge {
        /// Its name.
        peer: &'static str,
    },
    /// The body to be sent did not come to its end in time.
    #[error("the request to {peer} came too slowly")]
    RequestTooSlow {
        /// Its name.
        peer: &'static str,
    },
    /// The answer did not come in time.
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
}

impl PeerError {
    /// The name of the peer.
    pub const fn peer(&self) -> &'static str {
        match self {
            Self::CircuitOpen { peer }
            | Self::Unreachable { peer, .. }
            | Self::RequestBroken { peer }
            | Self::RequestTooLarge { peer }
            | Self::RequestTooSlow { peer }
            | Self::Timeout { peer }
            | Self::Unexpected { peer, .. } => peer,
        }
    }

    /// The error with all its causes, for a log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
