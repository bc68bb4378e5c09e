//! Which certificate of the other side is believed.
//!
//! The chain is checked as for any TLS connection; instead of a host's name the certificate bears a
//! SPIFFE ID (X509-SVID, section 5).

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use crate::error::CredentialsError;
use crate::spiffe_id::{SpiffeId, TrustDomain};

/// The SPIFFE ID of a certificate: its only URI (X509-SVID, section 2).
pub(crate) fn spiffe_id(certificate: &CertificateDer<'_>) -> Result<SpiffeId, CredentialsError> {
    let parsed =
        webpki::EndEntityCert::try_from(certificate).map_err(|_| CredentialsError::Malformed)?;
    let mut uris = parsed.valid_uri_names();
    match (uris.next(), uris.next()) {
        (Some(uri), None) => Ok(uri.parse()?),
        _ => Err(CredentialsError::NoSpiffeId),
    }
}

/// The ID of a certificate, if it is of this domain.
fn id_within(certificate: &CertificateDer<'_>, domain: &TrustDomain) -> Result<SpiffeId, Error> {
    let refused = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
    let id = spiffe_id(certificate).map_err(|_| refused.clone())?;
    if id.is_of(domain) {
        Ok(id)
    } else {
        Err(refused)
    }
}

/// A server believes every caller of its trust domain.
#[derive(Debug)]
pub(crate) struct AnyCaller {
    pub(crate) chain: Arc<dyn ClientCertVerifier>,
    pub(crate) domain: TrustDomain,
}

impl ClientCertVerifier for AnyCaller {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Both sides have one certificate; there is nothing to choose by.
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(certificate, between, now)?;
        id_within(certificate, &self.domain)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// A client believes the one peer that it asks for. The "server name" of the handshake is that peer's
/// name; each service of the shop has one that is a valid DNS name too.
#[derive(Debug)]
pub(crate) struct ThatPeer {
    pub(crate) authorities: RootCertStore,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
    pub(crate) domain: TrustDomain,
}

impl ServerCertVerifier for ThatPeer {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        peer: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.authorities,
            between,
            now,
            self.algorithms.all,
        )?;
        let id = id_within(certificate, &self.domain)?;
        if *id.service() == *peer.to_str() {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::NotValidForName.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
