//! What the provider gives for a code or for a refresh token (RFC 6749 section 5).

use access::{Provider, ProviderError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

/// The shop as the provider knows it.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) provider: Provider,
    pub(crate) id: String,
    /// `Authorization` with the id and the secret (RFC 6749 section 2.3.1).
    authorization: HeaderValue,
}

/// Tokens.
#[derive(Deserialize)]
pub(crate) struct Tokens {
    pub(crate) id_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// The provider gave no answer.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// It refused. The word is one of the standard's, cut short: it comes from outside.
    #[error("the provider refused: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Client {
    pub(crate) fn new(provider: Provider, id: &str, secret: &str) -> Self {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
        let mut authorization =
            HeaderValue::try_from(format!("Basic {pair}")).expect("Base64 is plain");
        authorization.set_sensitive(true);
        Self {
            provider,
            id: id.to_owned(),
            authorization,
        }
    }

    /// The tokens for a code.
    pub(crate) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        redirect: &str,
    ) -> Result<Tokens, TokenError> {
        self.ask(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect),
        ])
        .await
    }

    /// New tokens for those that are about to end.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Tokens, TokenError> {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// Ends a refresh token (RFC 7009), where the provider offers it.
    pub(crate) async fn revoke(&self, token: &str) -> Result<(), TokenError> {
        let metadata = self.provider.metadata().await?;
        let Some(endpoint) = metadata.revocation_endpoint() else {
            return Ok(());
        };
        let form = [("token", token), ("token_type_hint", "refresh_token")];
        self.post("/revocation", endpoint, &form).await.map(drop)
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Result<Tokens, TokenError> {
        let metadata = self.provider.metadata().await?;
        let body = self.post("/token", metadata.token_endpoint(), form).await?;
        Ok(serde_json::from_slice(&body).map_err(ProviderError::from)?)
    }

    async fn post(
        &self,
        template: &'static str,
        endpoint: &str,
        form: &[(&str, &str)],
    ) -> Result<axum::body::Bytes, TokenError> {
        let endpoint = self.provider.endpoint(endpoint)?;
        let form = Serializer::new(String::new()).extend_pairs(form).finish();
        let authorization = Some(self.authorization.clone());
        let (status, body) = self
            .provider
            .post(template, &endpoint, authorization, form)
            .await?;
        match status {
            StatusCode::OK => Ok(body),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let word = serde_json::from_slice(&body).map(|Refusal { error }| error);
                let word = word.unwrap_or_else(|_| status.to_string());
                Err(TokenError::Refused(word.chars().take(64).collect()))
            }
            other => Err(ProviderError::Answered(other).into()),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
