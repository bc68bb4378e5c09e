//! A JSON answer of a peer, read to its end.

use axum::body::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::PeerError;

/// A JSON answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) peer: &'static str,
    /// Its status.
    pub status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PeerError> {
        serde_json::from_slice(&self.body).map_err(|error| PeerError::Unexpected {
            peer: self.peer,
            what: format!("{} with a body that is not as agreed: {error}", self.status),
        })
    }

    /// An error for a status that the contract does not know here.
    pub fn unexpected(&self) -> PeerError {
        PeerError::Unexpected {
            peer: self.peer,
            what: format!("status {}", self.status),
        }
    }
}
