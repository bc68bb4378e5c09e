//! The settings of sign-in that the gateway and the frontend share.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

use crate::IssuerUrl;

/// The OpenID provider, and what its tokens have to say.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sign-in")]
pub struct IssuerArgs {
    /// The OpenID provider by which people sign in, such as https://id.example.org. Without it nobody
    /// signs in, and whoever reaches the port may do everything.
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<IssuerUrl>,

    /// The name of the shop at the provider; tokens are taken only when they are made out to it.
    #[arg(
        long,
        env = "OIDC_CLIENT_ID",
        value_name = "NAME",
        default_value = "hello-observability"
    )]
    pub oidc_client_id: String,

    /// Certificates (PEM) by which the provider may prove itself, beside those of the system.
    #[arg(long, env = "OIDC_CA_FILE", value_name = "FILE")]
    pub oidc_ca_file: Option<PathBuf>,

    /// The claim that names a person's groups; dots lead into objects, as in realm_access.roles.
    #[arg(
        long,
        env = "OIDC_GROUPS_CLAIM",
        value_name = "CLAIM",
        default_value = "groups"
    )]
    pub oidc_groups_claim: String,

    /// Who is an operator: groups and verified e-mail addresses, separated by commas.
    #[arg(
        long,
        env = "OIDC_OPERATORS",
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "operator"
    )]
    pub oidc_operators: Vec<String>,

    /// Who is a customer, likewise; * is everybody who signs in.
    #[arg(
        long,
        env = "OIDC_CUSTOMERS",
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "*"
    )]
    pub oidc_customers: Vec<String>,
}

/// What the gateway asks beside the token.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sign-in")]
pub struct GateArgs {
    /// How many requests a second each person may send, beyond a burst of as many; the page sends
    /// some five.
    #[arg(
        long,
        env = "REQUESTS_PER_PERSON",
        value_name = "REQUESTS",
        default_value = "50"
    )]
    pub requests_per_person: NonZero<u32>,
}
