//! Who a service is, and who speaks to it.
//!
//! Between services of the shop each side shows a certificate that bears a SPIFFE ID,
//! `spiffe://<trust domain>/<service>`, and believes those of its own trust domain: mutual TLS 1.3.
//! What the other side may do is not decided here: in TLS 1.3 a client has sent its request before
//! it learns that its certificate was refused, so "may this caller ask for this route" is a question
//! for the server, which has an answer with a status for it.
//!
//! [`Identity`] follows a source ([`Source`]): files that somebody renews, an agent that speaks the
//! SPIFFE Workload API, or nothing at all. Whoever renews it, no connection is lost: a connection keeps
//! what it was made with, and the next one is made with what is new.

mod agent;
mod args;
mod credentials;
mod error;
mod expiry;
mod files;
mod follow;
mod handle;
mod spiffe_id;
mod tls;
mod verify;

pub use args::{IdentityArgs, Source};
pub use credentials::Credentials;
pub use error::{CredentialsError, StartError, Unusable};
pub use files::Files;
pub use handle::{Following, Identity};
pub use spiffe_id::{SpiffeId, SpiffeIdError, TrustDomain};
