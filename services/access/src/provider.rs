//! The OpenID provider: its metadata and its keys, fetched when they are needed and kept.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use parking_lot::RwLock;
use serde::Deserialize;
use telemetry::Telemetry;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::fetch::{Fetched, Hosts};
use crate::issuer::IssuerUrl;
use crate::keys::Keys;
use crate::{IssuerArgs, TlsError, tls};

/// How often the keys are fetched anew, so that one that the provider withdraws ends here as well.
const REFRESH: Duration = Duration::from_mins(10);

/// The least time between two fetches that tokens ask for. Somebody who invents key ids makes no more
/// requests to the provider than this, and a new key is known after as long.
const PAUSE: Duration = Duration::from_secs(2);

/// The metadata that is read here (OpenID Connect Discovery 1.0 section 3, RFC 8414).
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    revocation_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
}

/// Why the provider is of no use now. Nothing of this reaches a client.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It did not answer.
    #[error("the provider gives no answer: {0}")]
    NoAnswer(String),
    /// It answered something else than was asked for.
    #[error("the provider answered {0}")]
    Answered(StatusCode),
    /// Its answer is not what the standard says.
    #[error("the answer of the provider cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Its metadata is wrong.
    #[error("the metadata of the provider is not accepted: {0}")]
    Metadata(&'static str),
}

/// The provider. Clones share what is known of it.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: IssuerUrl,
    hosts: Hosts,
    known: RwLock<Option<Known>>,
    /// When the last fetch began; held while one runs, so that there is one at a time.
    fetching: Mutex<Option<Instant>>,
}

#[derive(Clone, Debug)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<Keys>,
}

impl Provider {
    /// The provider of the settings; none where people do not sign in. Nothing is asked of it yet.
    pub fn new(args: &IssuerArgs, telemetry: &Arc<Telemetry>) -> Result<Option<Self>, TlsError> {
        let Some(issuer) = args.oidc_issuer.clone() else {
            return Ok(None);
        };
        let tls = issuer
            .is_secure()
            .then(|| tls::config(args.oidc_ca_file.as_deref()));
        let hosts = Hosts::new(tls.transpose()?, Arc::clone(telemetry));
        Ok(Some(Self(Arc::new(Inner {
            issuer,
            hosts,
            known: RwLock::default(),
            fetching: Mutex::default(),
        }))))
    }

    /// The issuer.
    pub fn issuer(&self) -> &IssuerUrl {
        &self.0.issuer
    }

    /// The metadata, fetched if it is not known.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        if let Some(known) = self.known() {
            return Ok(known.metadata);
        }
        self.fetch(Duration::ZERO).await?;
        let known = self.known();
        known
            .map(|known| known.metadata)
            .ok_or_else(|| ProviderError::NoAnswer("not now".into()))
    }

    /// The keys as far as they are known.
    pub(crate) fn keys(&self) -> Option<Arc<Keys>> {
        self.known().map(|known| known.keys)
    }

    /// The keys after a fetch, unless there was one a moment ago.
    pub(crate) async fn newer_keys(&self) -> Option<Arc<Keys>> {
        if let Err(error) = self.fetch(PAUSE).await {
            tracing::warn!(cause = %error, "the keys of the issuer cannot be fetched: {error}");
        }
        self.keys()
    }

    /// Keeps the keys new for as long as the service runs.
    pub async fn refresh(self) {
        loop {
            if let Err(error) = self.fetch(PAUSE).await {
                let known = self.keys().is_some();
                tracing::warn!(
                    cause = %error,
                    "the keys of the issuer cannot be fetched, {}: {error}",
                    if known { "the earlier ones stay" } else { "so nobody can sign in" }
                );
            }
            let pause = if self.keys().is_some() {
                REFRESH
            } else {
                PAUSE
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks for a token (RFC 6749 section 3.2) or for its end (RFC 7009).
    pub async fn post(
        &self,
        template: &'static str,
        url: &IssuerUrl,
        authorization: Option<HeaderValue>,
        form: String,
    ) -> Result<(StatusCode, axum::body::Bytes), ProviderError> {
        let mut headers = accept_json();
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form_type);
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value)));
        let Fetched { status, body } = self
            .0
            .hosts
            .send(Method::POST, template, url, headers, form)
            .await?;
        Ok((status, body))
    }

    /// An address of the metadata. A provider that speaks https names no other, so that nobody can
    /// lead a secret into the open.
    pub fn endpoint(&self, address: &str) -> Result<IssuerUrl, ProviderError> {
        let url: IssuerUrl = address.parse().map_err(|_| {
            ProviderError::Metadata("an endpoint is neither of https nor on this host")
        })?;
        if self.0.issuer.is_secure() && !url.is_secure() {
            return Err(ProviderError::Metadata("an endpoint is not of https"));
        }
        Ok(url)
    }

    fn known(&self) -> Option<Known> {
        self.0.known.read().clone()
    }

    /// Fetches metadata and keys, unless a fetch began within `pause`.
    async fn fetch(&self, pause: Duration) -> Result<(), ProviderError> {
        let mut last = self.0.fetching.lock().await;
        if last.is_some_and(|last| last.elapsed() < pause) {
            return Ok(());
        }
        *last = Some(Instant::now());
        let discovery = self.0.issuer.discovery();
        let metadata: Metadata = self
            .get("/.well-known/openid-configuration", &discovery)
            .await?;
        // OpenID Connect Discovery 1.0 section 4.3: or somebody answers for another.
        if metadata.issuer != self.0.issuer.as_str() {
            return Err(ProviderError::Metadata("its issuer is another one"));
        }
        let keys_url = self.endpoint(&metadata.jwks_uri)?;
        let keys = Arc::new(Keys::parse(&self.get("/keys", &keys_url).await?));
        let mut known = self.0.known.write();
        // The same object where nothing is new: what was verified by it stays verified.
        let keys = match &*known {
            Some(known) if *known.keys == *keys => Arc::clone(&known.keys),
            _ => keys,
        };
        let metadata = Arc::new(metadata);
        *known = Some(Known { metadata, keys });
        Ok(())
    }

    async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        template: &'static str,
        url: &IssuerUrl,
    ) -> Result<T, ProviderError> {
        let headers = accept_json();
        let fetched = self
            .0
            .hosts
            .send(Method::GET, template, url, headers, String::new())
            .await?;
        if fetched.status != StatusCode::OK {
            return Err(ProviderError::Answered(fetched.status));
        }
        Ok(serde_json::from_slice(&fetched.body)?)
    }
}

impl Metadata {
    /// Where a person signs in.
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization_endpoint
    }

    /// Where a code becomes tokens.
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// Where a token is ended, if the provider offers it.
    pub fn revocation_endpoint(&self) -> Option<&str> {
        self.revocation_endpoint.as_deref()
    }

    /// Where a person signs out at the provider, if it offers it.
    pub fn end_session_endpoint(&self) -> Option<&str> {
        self.end_session_endpoint.as_deref()
    }
}

fn accept_json() -> HeaderMap {
    HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))])
}
