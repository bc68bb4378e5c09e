//! A certificate with its key that signs others.

use std::time::{Duration, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::OffsetDateTime;
use x509_parser::pem::parse_x509_pem;

use crate::error::AuthorityError;
use crate::rotation::Validity;

/// How far a clock may be behind that of the authority. All is one host; a clock that is set right
/// after the boot may step back by seconds.
const SKEW: Duration = Duration::from_mins(1);

/// An authority.
#[derive(Debug)]
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    validity: Validity,
}

/// What a service is given.
#[derive(Debug)]
pub struct Issued {
    /// Its certificate, PEM.
    pub certificate: String,
    /// The key of it, PEM (PKCS #8).
    pub key: String,
}

impl Authority {
    /// A new one for this trust domain: its own key (ECDSA P-256), its certificate signed by itself.
    pub fn new(domain: &str, life: Duration, now: SystemTime) -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let began = now.duration_since(SystemTime::UNIX_EPOCH);
        let began = began.unwrap_or_default().as_secs();
        // Two authorities of one domain need different names: a chain is built by name.
        let name = format!("{domain} {began}");
        params
            .distinguished_name
            .push(DnType::OrganizationName, name);
        // X509-SVID, section 2: an authority bears the ID of the domain.
        params.subject_alt_names = vec![uri(&format!("spiffe://{domain}"))?];
        set_validity(&mut params, now, life);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Self::from_pem(&pem, &key.serialize_pem())?.ok_or(AuthorityError::Certificate(
            rcgen::Error::CouldNotParseCertificate,
        ))
    }

    /// One that was made before; none if the texts are something else.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Option<Self>, AuthorityError> {
        let Some(validity) = validity(certificate) else {
            return Ok(None);
        };
        let Ok(key) = KeyPair::from_pem(key) else {
            return Ok(None);
        };
        Ok(Some(Self {
            pem: certificate.to_owned(),
            issuer: Issuer::from_ca_cert_pem(certificate, key)?,
            validity,
        }))
    }

    /// Its certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// Its key, PEM: for its file, and nothing else.
    pub(crate) fn key(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// From when to when.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// A new key with a certificate for `spiffe://<domain>/<service>`, for both sides of TLS.
    pub fn issue(
        &self,
        domain: &str,
        service: &str,
        life: Duration,
        now: SystemTime,
    ) -> Result<Issued, AuthorityError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name.push(DnType::CommonName, service);
        params.subject_alt_names = vec![uri(&format!("spiffe://{domain}/{service}"))?];
        set_validity(&mut params, now, life);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Issued {
            certificate,
            key: key.serialize_pem(),
        })
    }
}

fn uri(text: &str) -> Result<SanType, AuthorityError> {
    Ok(SanType::URI(Ia5String::try_from(text)?))
}

fn set_validity(params: &mut CertificateParams, now: SystemTime, life: Duration) {
    params.not_before = OffsetDateTime::from(now - SKEW);
    params.not_after = OffsetDateTime::from(now + life);
}

fn validity(certificate: &str) -> Option<Validity> {
    let (_, pem) = parse_x509_pem(certificate.as_bytes()).ok()?;
    let certificate = pem.parse_x509().ok()?;
    let at = |seconds: i64| {
        let since = Duration::from_secs(u64::try_from(seconds).ok()?);
        Some(SystemTime::UNIX_EPOCH + since)
    };
    Some(Validity {
        begins: at(certificate.validity().not_before.timestamp())?,
        ends: at(certificate.validity().not_after.timestamp())?,
    })
}
