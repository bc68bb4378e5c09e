//! TLS as an identity makes it.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig, SignatureScheme};

use crate::credentials::Credentials;
use crate::error::{CredentialsError, Unusable};
use crate::spiffe_id::{SpiffeId, TrustDomain};
use crate::verify::{AnyCaller, ThatPeer};

/// How many sessions can be resumed. A resumed one costs half of a new one, and each of four callers
/// keeps a few; what is more than that is somebody who connects for each request.
const SESSIONS: usize = 1024;

/// Both sides of TLS with one set of credentials. Sessions are resumed only among connections of the
/// same set, so that a renewed identity is shown, and a changed authority asked, at the next one.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) id: SpiffeId,
    pub(crate) expires: SystemTime,
    pub(crate) is_withdrawn: bool,
}

impl Tls {
    /// TLS with these credentials, if they are a pair and of this domain.
    pub(crate) fn new(
        credentials: Credentials,
        domain: &TrustDomain,
    ) -> Result<Self, CredentialsError> {
        let Credentials {
            chain,
            key,
            authorities,
            id,
            expires,
        } = credentials;
        if !id.is_of(domain) {
            return Err(CredentialsError::Domain {
                expected: domain.clone(),
                actual: id.trust_domain().to_owned(),
            });
        }
        let provider = Arc::new(default_provider());
        // The first random bytes of a process seed its generator from the jitter of the processor, which
        // takes tens of milliseconds, on a busy machine hundreds: now, and not while the first peer waits.
        provider
            .secure_random
            .fill(&mut [0])
            .map_err(rustls::Error::from)?;
        let that_peer = ThatPeer {
            authorities: authorities.clone(),
            algorithms: provider.signature_verification_algorithms,
            domain: domain.clone(),
        };
        let any_caller = AnyCaller {
            chain: WebPkiClientVerifier::builder_with_provider(
                Arc::new(authorities),
                Arc::clone(&provider),
            )
            .build()
            .map_err(CredentialsError::Authorities)?,
            domain: domain.clone(),
        };
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(any_caller))
            .with_single_cert(chain.clone(), key.clone_key())?;
        server.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        // One ticket is enough for a client that keeps its connections; two are twice the work.
        server.send_tls13_tickets = 1;
        Ok(Self {
            server: Arc::new(server),
            client: Arc::new(client(provider, that_peer, chain, key)?),
            id,
            expires,
            is_withdrawn: false,
        })
    }

    /// What is left when the identity is withdrawn: as a client it shows nothing, and resumes nothing.
    pub(crate) fn withdrawn(&self) -> Self {
        let mut client = ClientConfig::clone(&self.client);
        client.client_auth_cert_resolver = Arc::new(Nobody);
        client.resumption = Resumption::disabled();
        Self {
            server: Arc::clone(&self.server),
            client: Arc::new(client),
            id: self.id.clone(),
            expires: self.expires,
            is_withdrawn: true,
        }
    }

    /// Whether anybody can believe it now.
    pub(crate) fn check(&self, now: SystemTime) -> Result<(), Unusable> {
        if self.is_withdrawn {
            return Err(Unusable::Withdrawn);
        }
        match now.duration_since(self.expires) {
            Ok(since) => Err(Unusable::Ended(since)),
            Err(_) => Ok(()),
        }
    }
}

/// A client without a certificate.
#[derive(Debug)]
struct Nobody;

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn client(
    provider: Arc<CryptoProvider>,
    that_peer: ThatPeer,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(that_peer))
        .with_client_auth_cert(chain, key)?;
    client.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(client)
}
