//! Identities of services, made by the authority of a host.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use authority::{Authority, publish};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Answer;

const DOMAIN: &str = "hello-observability";
const LIFE: Duration = Duration::from_hours(1);

/// The identities of the services of a host.
#[derive(Debug)]
pub struct Identities {
    domain: &'static str,
    authority: Authority,
    folder: TempDir,
}

impl Identities {
    /// An authority, and nobody who has an identity yet.
    pub fn new() -> Arc<Self> {
        Self::of_domain(DOMAIN)
    }

    /// The same for another trust domain.
    pub fn of_domain(domain: &'static str) -> Arc<Self> {
        let authority = Authority::new(domain, 10 * LIFE, SystemTime::now());
        Arc::new(Self {
            domain,
            authority: authority.expect("an authority"),
            folder: tempfile::tempdir().expect("a folder"),
        })
    }

    /// Gives a service a new identity.
    pub fn issue(&self, service: &str) {
        self.issue_at(service, SystemTime::now());
    }

    /// Gives a service an identity that begins at this time, and ends an hour later.
    pub fn issue_at(&self, service: &str, begin: SystemTime) {
        let issued = self.authority.issue(self.domain, service, LIFE, begin);
        let issued = issued.expect("a certificate");
        publish(self.folder.path(), service, [&self.authority], &issued).expect("files");
    }

    /// The certificate of a service, its key, and the authorities that it trusts.
    pub fn of(
        &self,
        service: &str,
    ) -> (
        CertificateDer<'static>,
        PrivateKeyDer<'static>,
        CertificateDer<'static>,
    ) {
        let file = |name: &str| std::fs::read(self.folder(service).join(name)).expect("a file");
        let certificate = |name| CertificateDer::from_pem_slice(&file(name)).expect("PEM");
        let key = PrivateKeyDer::from_pem_slice(&file("key.pem")).expect("PEM");
        (
            certificate("certificate.pem"),
            key,
            certificate("authorities.pem"),
        )
    }

    /// Where the files of a service are.
    pub fn folder(&self, service: &str) -> PathBuf {
        self.folder.path().join(service)
    }

    /// What a service is told, so that it finds its identity, and answers probes in plain HTTP too.
    pub fn environment(&self, service: &str) -> [(&'static str, OsString); 3] {
        [
            ("IDENTITY", "files".into()),
            ("IDENTITY_DIRECTORY", self.folder(service).into()),
            ("PROBES_PORT", "0".into()),
        ]
    }

    /// Asks as this service, and believes whoever answers. An error is one of the connection.
    pub async fn ask_as(
        &self,
        service: &str,
        address: SocketAddr,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(address).await?;
        let stream = self
            .connector(service)
            .connect(ServerName::try_from("anybody")?, stream)
            .await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_owned())))?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        connection.await??;
        Ok(Answer {
            status: head.status,
            headers: HeaderMap::clone(&head.headers),
            body,
        })
    }

    /// What connects as this service, and believes whoever answers. It resumes its own sessions.
    pub fn connector(&self, service: &str) -> TlsConnector {
        TlsConnector::from(Arc::new(self.client(service)))
    }

    fn client(&self, service: &str) -> ClientConfig {
        let (certificate, key, _) = self.of(service);
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_client_auth_cert(vec![certificate], key)
            .expect("a certificate and its key")
    }
}

/// Believes every server: what is tested is the other side.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
