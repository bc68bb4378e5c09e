//! What can be wrong with an identity.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::spiffe_id::{SpiffeIdError, TrustDomain};

/// Why there is no identity at the start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `files` without a folder.
    #[error("--identity files needs --identity-directory, or credentials that systemd hands over")]
    NoDirectory,
    /// `spiffe` without an agent.
    #[error(
        "--identity spiffe needs --spiffe-endpoint-socket, the socket of the agent of this host"
    )]
    NoSocket,
    /// What should be the address of the agent's socket is none.
    #[error("--spiffe-endpoint-socket {0}: {1}")]
    Socket(String, spiffe::transport::EndpointError),
    /// The files do not make an identity.
    #[error("no identity: {0}")]
    Credentials(#[from] CredentialsError),
    /// Its metrics cannot be registered.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

/// Why certificate, key and authorities are no identity. No message holds any of the key.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// What should be PEM is not, or holds nothing of the kind.
    #[error("there is no {0} in PEM")]
    NotPem(&'static str),
    /// The certificate cannot be read.
    #[error("the certificate is malformed")]
    Malformed,
    /// The certificate bears no SPIFFE ID, or more than one name.
    #[error("the certificate does not bear exactly one URI, a SPIFFE ID")]
    NoSpiffeId,
    /// Its name is malformed.
    #[error("the SPIFFE ID of the certificate is malformed: {0}")]
    SpiffeId(#[from] SpiffeIdError),
    /// It belongs elsewhere.
    #[error("the certificate is of trust domain {actual}, not of {expected}")]
    Domain {
        /// The domain of the service.
        expected: TrustDomain,
        /// The domain of the certificate.
        actual: String,
    },
    /// Key and certificate are not a pair, or TLS refuses them.
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    /// Nobody is trusted.
    #[error("it comes without an authority of its trust domain")]
    NoAuthority,
    /// No usable authority.
    #[error("the authorities cannot be used: {0}")]
    Authorities(rustls::server::VerifierBuilderError),
}

/// Why an identity is of no use at this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its source says that this process has none any more.
    #[error("it has been withdrawn")]
    Withdrawn,
    /// It was not renewed in time.
    #[error("its certificate ended {} s ago", .0.as_secs())]
    Ended(Duration),
}
