//! Requests to the provider: bounded, traced and counted as those to any peer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use client::{Forward, Peer, Route};
use http::{HeaderMap, Method, Request, StatusCode};
use parking_lot::Mutex;
use rustls::ClientConfig;
use telemetry::Telemetry;

use crate::issuer::IssuerUrl;
use crate::provider::ProviderError;

/// The name of the provider in telemetry. Its hosts are named by its metadata, which no client writes.
const NAME: &str = "identity-provider";

/// A provider checks a password within a quarter of a second; people who sign in wait for it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of an answer: some ten times a set of keys with their certificates.
const ANSWER_LIMIT: usize = 256 * 1024;

/// The most hosts of one provider. Most have one, the largest have three.
const HOSTS: usize = 8;

/// The hosts of the provider.
#[derive(Debug)]
pub(crate) struct Hosts {
    peers: Mutex<HashMap<String, Peer>>,
    tls: Option<Arc<ClientConfig>>,
    telemetry: Arc<Telemetry>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Hosts {
    pub(crate) fn new(tls: Option<Arc<ClientConfig>>, telemetry: Arc<Telemetry>) -> Self {
        let peers = Mutex::default();
        Self {
            peers,
            tls,
            telemetry,
        }
    }

    /// Sends a request; `template` is its name in telemetry.
    pub(crate) async fn send(
        &self,
        method: Method,
        template: &'static str,
        url: &IssuerUrl,
        headers: HeaderMap,
        body: String,
    ) -> Result<Fetched, ProviderError> {
        let forward = Forward {
            route: Route::new(method, template),
            path: url.path(),
            timeout: TIMEOUT,
            via: NAME,
        };
        let mut request = Request::new(Body::from(body));
        *request.headers_mut() = headers;
        let response = self.peer(url)?.forward(forward, request).await;
        // The problem is for a client; an operator has to know its cause, such as a certificate.
        let response = response.map_err(|problem| {
            let cause = problem.cause().map(ToOwned::to_owned);
            ProviderError::NoAnswer(cause.unwrap_or_else(|| problem.to_string()))
        })?;
        let status = response.status();
        let body = to_bytes(response.into_body(), ANSWER_LIMIT).await;
        let body = body.map_err(|error| ProviderError::NoAnswer(error.to_string()))?;
        Ok(Fetched { status, body })
    }

    fn peer(&self, url: &IssuerUrl) -> Result<Peer, ProviderError> {
        let host = url.host();
        let mut peers = self.peers.lock();
        if let Some(peer) = peers.get(&host.to_string()) {
            return Ok(peer.clone());
        }
        if peers.len() >= HOSTS {
            return Err(ProviderError::Metadata("it names too many hosts"));
        }
        let name = host.to_string();
        let peer = match &self.tls {
            Some(tls) if url.is_secure() => {
                Peer::over_tls(NAME, host, Arc::clone(tls), &self.telemetry)
            }
            _ if url.is_secure() => {
                return Err(ProviderError::Metadata("it names a host of https"));
            }
            _ => Peer::new(NAME, host, &self.telemetry),
        };
        peers.insert(name, peer.clone());
        Ok(peer)
    }
}
