//! The certificate authority of one host.
//!
//! Each run gives every named service a new key and a certificate that bears its SPIFFE ID
//! (X509-SVID), in a folder of its own, together with the authorities that are trusted. Nothing asks
//! for a certificate, so nothing listens: who may read a folder is who the service is, and systemd
//! sees to that.
//!
//! [`Authority`] signs; [`rotation`] decides which authority does, and when the next one is made;
//! [`Keeper`] has them on disk; [`publish`] writes what the services read.

mod authority;
mod error;
mod keeper;
mod publish;
pub mod rotation;

pub use authority::{Authority, Issued};
pub use error::AuthorityError;
pub use keeper::Keeper;
pub use publish::publish;
