//! Who may do what.
//!
//! A [`Provider`] is what is known of the OpenID provider: its endpoints and its keys. A [`Verifier`]
//! checks its tokens, and remembers those that it has checked. A [`Gate`] admits requests to the
//! endpoints of the shop by their tokens, within a limit for each person.

mod announce;
mod args;
mod claims;
mod fetch;
mod gate;
mod issuer;
mod keys;
mod limit;
mod metrics;
mod provider;
mod recent;
mod refusal;
mod roles;
mod tls;
mod verifier;

pub use announce::announce;
pub use args::{GateArgs, IssuerArgs};
pub use gate::{Gate, GateError};
pub use issuer::{InvalidIssuer, IssuerUrl};
pub use provider::{Metadata, Provider, ProviderError};
pub use recent::{Recent, fingerprint};
pub use refusal::Refusal;
pub use tls::TlsError;
pub use verifier::{Bearer, Verifier};
