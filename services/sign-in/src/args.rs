//! The settings of the sign-in, and its secrets.

use std::path::PathBuf;

use clap::Args;

use crate::public_url::PublicUrl;

/// The name of the client's secret among the credentials of systemd.
const CREDENTIAL: &str = "oidc-client-secret";

/// A secret by which people's sessions are sealed has to be as hard to guess as the seal: 128 bits.
const SHORTEST: usize = 22;

/// What the page needs to have people sign in.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sign-in")]
pub struct SignInArgs {
    /// Where people open the page: of https, or http://localhost:3001. The provider sends them back to
    /// /auth/callback there. A browser keeps the session on no plain http but that of its own host.
    #[arg(
        long,
        env = "PUBLIC_URL",
        value_name = "URL",
        default_value = "http://localhost:3001"
    )]
    pub public_url: PublicUrl,

    /// The file of the shop's secret at the provider, of 22 characters at least; without it, the file
    /// oidc-client-secret in CREDENTIALS_DIRECTORY. Sessions are sealed by it as well, so all frontend
    /// servers have the same one, and a new one signs everybody out.
    #[arg(long, env = "OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,

    /// What the shop asks the provider to tell of a person. Some providers refuse a scope that they do
    /// not know.
    #[arg(
        long,
        env = "OIDC_SCOPES",
        value_name = "SCOPES",
        default_value = "openid profile email groups offline_access"
    )]
    pub oidc_scopes: String,
}

/// Why people cannot sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no secret.
    #[error(
        "people sign in at {issuer}, but the shop has no secret there: --oidc-client-secret-file, or \
         the credential oidc-client-secret"
    )]
    NoSecret {
        /// The issuer.
        issuer: String,
    },
    /// The secret cannot be read.
    #[error("the secret in {path} cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What happened.
        cause: std::io::Error,
    },
    /// The secret can be guessed.
    #[error("the secret of the shop at the provider has fewer than {SHORTEST} characters")]
    Short,
    /// A metric could not be registered.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl SignInArgs {
    /// The secret of the shop at the provider.
    pub(crate) fn secret(&self, issuer: &str) -> Result<String, SignInError> {
        let credential = || {
            let directory = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?);
            Some(directory.join(CREDENTIAL)).filter(|path| path.exists())
        };
        let path = self.oidc_client_secret_file.clone().or_else(credential);
        let issuer = issuer.to_owned();
        let path = path.ok_or(SignInError::NoSecret { issuer })?;
        let secret = std::fs::read_to_string(&path)
            .map_err(|cause| SignInError::Unreadable { path, cause })?;
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            return Err(SignInError::Short);
        }
        Ok(secret.to_owned())
    }
}
