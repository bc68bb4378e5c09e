//! The code flow of OpenID Connect (Core 1.0 section 3.1), with PKCE (RFC 7636).

use access::{Provider, ProviderError, Verifier};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use form_urlencoded::Serializer;
use serde::Deserialize;

use crate::begun::Begun;
use crate::public_url::PublicUrl;
use crate::session::Session;
use crate::tokens::{Client, TokenError};

/// Where the provider sends people back to.
pub(crate) const CALLBACK: &str = "/auth/callback";

/// The flow and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) client: Client,
    pub(crate) verifier: Verifier,
    pub(crate) public_url: PublicUrl,
    pub(crate) scopes: String,
}

/// What a browser brings back from the provider.
#[derive(Debug, Deserialize)]
pub(crate) struct Brought {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    /// Who sent the browser back (RFC 9207), where the provider says so.
    iss: Option<String>,
}

/// Why a sign-in came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The person did not want to, or may not.
    #[error("the provider signs the person not in: {0}")]
    Denied(String),
    /// What came back is not what was asked for.
    #[error("{0}")]
    Failed(String),
    /// The provider gives no answer.
    #[error("{0}")]
    Unavailable(String),
}

impl Failure {
    /// Its word, in the metric and for the page.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Failed(_) => "failed",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Provider(error) => error.into(),
            TokenError::Refused(_) => Self::Failed(error.to_string()),
        }
    }
}

impl Flow {
    /// Where a browser goes to sign in.
    pub(crate) async fn authorization(&self, begun: &Begun) -> Result<String, Failure> {
        let metadata = self.provider().metadata().await?;
        let endpoint = self
            .provider()
            .endpoint(metadata.authorization_endpoint())?;
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.redirect())
            .append_pair("scope", &self.scopes)
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &begun.challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        Ok(with_query(endpoint.as_str(), &query))
    }

    /// The session of a person that came back.
    pub(crate) async fn finish(&self, brought: Brought, begun: &Begun) -> Result<Session, Failure> {
        let failed = |what: &str| Failure::Failed(what.to_owned());
        // First of all: or somebody else's sign-in could be put upon a person.
        let state = brought.state.unwrap_or_default();
        verify_slices_are_equal(state.as_bytes(), begun.state.as_bytes())
            .map_err(|_| failed("the state is not the one that was sent"))?;
        if brought
            .iss
            .is_some_and(|iss| iss != self.provider().issuer().as_str())
        {
            return Err(failed("another issuer sent the person back"));
        }
        if let Some(error) = brought.error {
            return Err(match error.as_str() {
                "temporarily_unavailable" | "server_error" => Failure::Unavailable(error),
                _ => Failure::Denied(error.chars().take(64).collect()),
            });
        }
        let code = brought.code.ok_or_else(|| failed("there is no code"))?;
        let tokens = self
            .client
            .exchange(&code, &begun.verifier, &self.redirect())
            .await?;
        let token = tokens.id_token.ok_or_else(|| failed("there is no token"))?;
        let bearer = self.verifier.verify(&token).await;
        let bearer = bearer.map_err(|refusal| Failure::Failed(refusal.to_string()))?;
        if bearer.nonce.as_ref() != Some(&begun.nonce) {
            return Err(failed("the token was asked for by another sign-in"));
        }
        Ok(Session::new(token, tokens.refresh_token, &bearer))
    }

    /// Where a person signs out at the provider too, where it offers that. Without `id_token_hint`: no
    /// token goes through the browser.
    pub(crate) async fn end_session(&self) -> Option<String> {
        let metadata = self.provider().metadata().await.ok()?;
        let endpoint = self
            .provider()
            .endpoint(metadata.end_session_endpoint()?)
            .ok()?;
        let query = Serializer::new(String::new())
            .append_pair("client_id", &self.client.id)
            .append_pair("post_logout_redirect_uri", &format!("{}/", self.public_url))
            .finish();
        Some(with_query(endpoint.as_str(), &query))
    }

    fn provider(&self) -> &Provider {
        &self.client.provider
    }

    fn redirect(&self) -> String {
        format!("{}{CALLBACK}", self.public_url)
    }
}

/// An endpoint may have a query of its own (RFC 6749 section 3.1).
fn with_query(endpoint: &str, query: &str) -> String {
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{separator}{query}")
}
