//! Certificate, key and authorities.

use std::fmt;
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::parse_x509_certificate;

use crate::error::CredentialsError;
use crate::spiffe_id::SpiffeId;
use crate::verify::spiffe_id;

/// What an identity is made of.
pub struct Credentials {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) authorities: RootCertStore,
    pub(crate) id: SpiffeId,
    pub(crate) expires: SystemTime,
}

impl Credentials {
    /// Reads them from PEM: the certificate of the service with those between it and an authority, its
    /// key, and the authorities' certificates.
    pub fn from_pem(
        certificate: &[u8],
        key: &[u8],
        authorities: &[u8],
    ) -> Result<Self, CredentialsError> {
        let chain = certificates(certificate, "certificate")?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| CredentialsError::NotPem("private key"))?;
        let authorities = certificates(authorities, "certificate of an authority")?;
        Self::new(chain, key, authorities)
    }

    /// The certificate of the service, followed by those between it and an authority, with its key and
    /// the authorities that are trusted.
    pub(crate) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, CredentialsError> {
        let own = chain.first().ok_or(CredentialsError::Malformed)?;
        let mut trusted = RootCertStore::empty();
        for authority in authorities {
            trusted.add(authority)?;
        }
        Ok(Self {
            id: spiffe_id(own)?,
            expires: not_after(own)?,
            chain,
            key,
            authorities: trusted,
        })
    }
}

/// At least one.
fn certificates(
    pem: &[u8],
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or(CredentialsError::NotPem(what))
}

/// When the certificate ends (RFC 5280, section 4.1.2.5).
pub(crate) fn not_after(certificate: &CertificateDer<'_>) -> Result<SystemTime, CredentialsError> {
    let (_, parsed) =
        parse_x509_certificate(certificate).map_err(|_| CredentialsError::Malformed)?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp())
        .map_err(|_| CredentialsError::Malformed)?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

impl fmt::Debug for Credentials {
    /// Without the key.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials")
            .field("id", &self.id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
