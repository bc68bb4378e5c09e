//! The HTTP client to another service of the shop.
//!
//! A [`Peer`] keeps a pool of connections, gives each request its client span, passes the ids
//! on, bounds its time, counts it, and stops asking for a moment when the peer is gone
//! ([`circuit`]). What a failure means to the shop is for the caller to say.

mod circuit;
mod error;
mod forward;
mod peer;
mod record;
mod upload;

pub use error::PeerError;
pub use forward::{Forward, problem};
pub use peer::{Answer, Peer, Route};
