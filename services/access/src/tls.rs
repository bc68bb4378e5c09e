//! By which certificates a provider may prove itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Why there is no TLS to the provider.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of certificates cannot be read.
    #[error("the certificates in {path} cannot be read: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        cause: rustls::pki_types::pem::Error,
    },
    /// There is none at all.
    #[error("this host has no certificates of authorities, and --oidc-ca-file gives none")]
    None,
    /// One of them is none.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// TLS 1.2 and 1.3 with the authorities of the system and those of the file.
pub(crate) fn config(file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    // A host may have none, or one that nobody can read, beside those of the file.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = file {
        let unreadable = |cause| TlsError::File {
            path: path.to_owned(),
            cause,
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots.add(certificate.map_err(unreadable)?)?;
        }
    }
    if roots.is_empty() {
        return Err(TlsError::None);
    }
    // Named, since a process may hold two providers and then has no default.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
