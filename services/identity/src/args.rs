//! Where the identity comes from: flags, with the environment as fallback.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::spiffe_id::TrustDomain;

/// Flags of the identity.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Where the certificate of the service comes from. With `none` services speak plain HTTP, and
    /// whoever reaches a port may ask for anything.
    #[arg(
        long = "identity",
        env = "IDENTITY",
        value_name = "SOURCE",
        value_enum,
        default_value_t = Source::None
    )]
    pub source: Source,

    /// For `files`: the folder of certificate.pem, key.pem and authorities.pem. By default the
    /// credentials that systemd hands over (systemd.exec(5)).
    #[arg(
        long = "identity-directory",
        env = "IDENTITY_DIRECTORY",
        value_name = "FOLDER"
    )]
    pub directory: Option<PathBuf>,

    /// For `spiffe`: the socket of the agent of this host, `unix:///run/spire/agent/api.sock`. The
    /// service waits for it, and serves nobody before it has an identity.
    #[arg(
        long = "spiffe-endpoint-socket",
        env = "SPIFFE_ENDPOINT_SOCKET",
        value_name = "SOCKET"
    )]
    pub socket: Option<String>,

    /// The trust domain: a caller or a peer of another one is refused.
    #[arg(
        long,
        env = "TRUST_DOMAIN",
        value_name = "DOMAIN",
        default_value = "hello-observability"
    )]
    pub trust_domain: TrustDomain,
}

/// Where an identity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// There is none.
    None,
    /// Files that are followed: they may be renewed at any time.
    Files,
    /// An agent of SPIRE, or another that speaks the SPIFFE Workload API.
    Spiffe,
}
