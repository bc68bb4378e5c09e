//! The identity of this process.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts};
use rustls::{ClientConfig, CommonState};
use telemetry::metrics::Metrics;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::args::{IdentityArgs, Source};
use crate::credentials::not_after;
use crate::error::{CredentialsError, StartError};
use crate::expiry::unix_seconds;
use crate::files::Files;
use crate::follow::follow;
use crate::spiffe_id::{SpiffeId, TrustDomain};
use crate::tls::Tls;
use crate::verify::spiffe_id;

/// Who this process is, now. Clones share it.
#[derive(Clone, Debug)]
pub struct Identity {
    tls: watch::Sender<Arc<Tls>>,
    domain: TrustDomain,
    expires: IntGauge,
    renewals: IntCounterVec,
}

impl Identity {
    /// Reads the identity that the settings name; none if they say so. The future follows its source
    /// for as long as it is polled.
    pub fn start(
        args: &IdentityArgs,
        metrics: &Metrics,
    ) -> Result<Option<(Self, impl Future<Output = ()> + Send + use<>)>, StartError> {
        let info = Opts::new(
            "identity_info",
            "1: where the identity of the service comes from, and what it is.",
        );
        let info = IntGaugeVec::new(info, &["source", "id"])?;
        metrics.register(Box::new(info.clone()))?;
        if args.source == Source::None {
            info.with_label_values(&["none", ""]).set(1);
            tracing::info!(
                "no identity: services are asked in plain HTTP, and whoever reaches the port may ask \
                 for anything"
            );
            return Ok(None);
        }
        let systemd = || std::env::var_os("CREDENTIALS_DIRECTORY").map(Into::into);
        let directory = args.directory.clone().or_else(systemd);
        let files = Files::new(directory.ok_or(StartError::NoDirectory)?);
        let stamp = files.stamp();
        let tls = Tls::new(files.read()?, &args.trust_domain)?;
        let expires = IntGauge::new(
            "identity_expires_timestamp_seconds",
            "When the certificate of the service ends, in seconds since 1970.",
        )?;
        let renewals = Opts::new(
            "identity_renewals_total",
            "How often a new identity was found, and whether it could be used.",
        );
        let renewals = IntCounterVec::new(renewals, &["result"])?;
        for result in [RENEWED, REFUSED] {
            renewals.with_label_values(&[result]);
        }
        metrics.register(Box::new(expires.clone()))?;
        metrics.register(Box::new(renewals.clone()))?;
        expires.set(unix_seconds(tls.expires));
        info.with_label_values(&["files", tls.id.as_ref()]).set(1);
        tracing::info!(identity = %tls.id, "this is {}", tls.id);
        let identity = Self {
            tls: watch::Sender::new(Arc::new(tls)),
            domain: args.trust_domain.clone(),
            expires,
            renewals,
        };
        Ok(Some((identity.clone(), follow(identity, files, stamp))))
    }

    /// Its own name.
    pub fn id(&self) -> SpiffeId {
        self.tls.borrow().id.clone()
    }

    /// When its certificate ends.
    pub fn expires(&self) -> SystemTime {
        self.tls.borrow().expires
    }

    /// The server's side of a connection, and who the caller is. The caller bounds its time.
    pub async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, SpiffeId)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let tls = Arc::clone(&self.tls.borrow());
        let stream = TlsAcceptor::from(Arc::clone(&tls.server))
            .accept(stream)
            .await?;
        let caller = shown_by_caller(stream.get_ref().1)?;
        Ok((stream, caller))
    }

    /// What a client shows and believes; the "server name" is the name of the service that it asks.
    /// To be asked for at each connection, since it changes with the identity.
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls.borrow().client)
    }

    /// Takes new credentials, or stays what it was.
    pub(crate) fn renew(&self, read: Result<crate::Credentials, CredentialsError>) {
        match read.and_then(|credentials| Tls::new(credentials, &self.domain)) {
            Ok(tls) => {
                tracing::info!(identity = %tls.id, "the identity has been renewed");
                self.renewals.with_label_values(&[RENEWED]).inc();
                self.expires.set(unix_seconds(tls.expires));
                self.tls.send_replace(Arc::new(tls));
            }
            Err(error) => {
                tracing::error!(cause = %error, "the identity stays as it was: {error}");
                self.renewals.with_label_values(&[REFUSED]).inc();
            }
        }
    }
}

/// The ID of the caller. A resumed session brings the certificate of the first one, which was
/// believed then and may have ended since.
fn shown_by_caller(connection: &CommonState) -> io::Result<SpiffeId> {
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    let certificate =
        certificate.ok_or_else(|| io::Error::other("the caller shows no certificate"))?;
    let ends = not_after(certificate).map_err(io::Error::other)?;
    if ends <= SystemTime::now() {
        return Err(io::Error::other("the certificate of the caller has ended"));
    }
    spiffe_id(certificate).map_err(io::Error::other)
}

const RENEWED: &str = "renewed";
const REFUSED: &str = "refused";
