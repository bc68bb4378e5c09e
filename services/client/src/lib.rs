//! The HTTP client to another service of the shop.
//!
//! A [`Peer`] keeps a pool of connections, gives each request its client span, sends the ids
//! along, bounds its time, counts it, and stops asking for a while when the peer is gone
//! ([`circuit`]). A peer may have several instances: the less loaded are asked ([`balancer`]), those that
//! fail are left out, and a request that may be repeated is sent to another, within a budget ([`budget`]).
//! The time that a request has left goes with it. [`Peer::call`] asks for JSON; [`Peer::forward`] passes a request on and its
//! answer back. A [`PeerError`] says whether the request may have been sent; what that means to
//! the shop is for the caller to say.

mod answer;
mod attempt;
mod balancer;
mod budget;
mod circuit;
mod connection;
mod connections;
mod connector;
mod error;
mod forward;
mod instance;
mod load;
mod peer;
mod pool;
mod problem;
mod record;
mod request_body;
mod resolver;
mod response_body;
mod route;
mod time_limit;
mod via;

pub use answer::Answer;
pub use error::{LastFailure, PeerError};
pub use forward::{Forward, remove_headers_of_this_hop};
pub use peer::Peer;
pub use route::Route;
