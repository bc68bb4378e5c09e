//! The identity of this process.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts};
use rustls::{ClientConfig, CommonState};
use telemetry::metrics::Metrics;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::agent::{Agent, Said};
use crate::args::{IdentityArgs, Source};
use crate::credentials::not_after;
use crate::error::{CredentialsError, StartError, Unusable};
use crate::expiry::unix_seconds;
use crate::files::Files;
use crate::follow::{follow, listen};
use crate::spiffe_id::{SpiffeId, TrustDomain};
use crate::tls::Tls;
use crate::verify::spiffe_id;

/// Who this process is, now. Clones share it.
#[derive(Clone, Debug)]
pub struct Identity {
    tls: watch::Sender<Arc<Tls>>,
    domain: TrustDomain,
    source: &'static str,
    info: IntGaugeVec,
    expires: IntGauge,
    renewals: IntCounterVec,
}

/// What follows the source of an identity for as long as it is polled.
pub type Following = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Identity {
    /// The identity of the source that the settings name, and what follows that source; none if they
    /// say so. With `spiffe` it waits for an agent that has one.
    pub async fn start(
        args: &IdentityArgs,
        metrics: &Metrics,
    ) -> Result<Option<(Self, Following)>, StartError> {
        let info = Opts::new(
            "identity_info",
            "1: where the identity of the service comes from, and what it is.",
        );
        let info = IntGaugeVec::new(info, &["source", "id"])?;
        metrics.register(Box::new(info.clone()))?;
        match args.source {
            Source::None => {
                info.with_label_values(&["none", ""]).set(1);
                tracing::info!(
                    "no identity: services are asked in plain HTTP, and whoever reaches the port may \
                     ask for anything"
                );
                Ok(None)
            }
            Source::Files => {
                let systemd = || std::env::var_os("CREDENTIALS_DIRECTORY").map(Into::into);
                let directory = args.directory.clone().or_else(systemd);
                let files = Files::new(directory.ok_or(StartError::NoDirectory)?);
                let stamp = files.stamp();
                let tls = Tls::new(files.read()?, &args.trust_domain)?;
                let identity = Self::new("files", tls, args, info, metrics)?;
                let following = follow(identity.clone(), files, stamp);
                Ok(Some((identity, Box::pin(following))))
            }
            Source::Spiffe => {
                let socket = args.socket.as_deref().ok_or(StartError::NoSocket)?;
                let mut agent = Agent::new(socket)?;
                metrics.register(Box::new(agent.up().clone()))?;
                let tls = first(&mut agent, &args.trust_domain).await;
                let identity = Self::new("spiffe", tls, args, info, metrics)?;
                let following = listen(identity.clone(), agent);
                Ok(Some((identity, Box::pin(following))))
            }
        }
    }

    fn new(
        source: &'static str,
        tls: Tls,
        args: &IdentityArgs,
        info: IntGaugeVec,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
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
        tracing::info!(identity = %tls.id, "this is {}", tls.id);
        let identity = Self {
            tls: watch::Sender::new(Arc::new(tls)),
            domain: args.trust_domain.clone(),
            source,
            info,
            expires,
            renewals,
        };
        identity.show();
        Ok(identity)
    }

    /// Its own name.
    pub fn id(&self) -> SpiffeId {
        self.tls.borrow().id.clone()
    }

    /// When its certificate ends.
    pub fn expires(&self) -> SystemTime {
        self.tls.borrow().expires
    }

    /// Whether it can be used now; without it no new connection is made.
    pub fn check(&self) -> Result<(), Unusable> {
        self.tls.borrow().check(SystemTime::now())
    }

    /// The server's side of a connection, and who the caller is. The caller bounds its time.
    pub async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, SpiffeId)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let tls = Arc::clone(&self.tls.borrow());
        if tls.is_withdrawn {
            return Err(io::Error::other("our own identity has been withdrawn"));
        }
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
                self.tls.send_replace(Arc::new(tls));
                self.show();
            }
            Err(error) => {
                tracing::error!(cause = %error, "the identity stays as it was: {error}");
                self.renewals.with_label_values(&[REFUSED]).inc();
            }
        }
    }

    /// Makes no new connection, until there is an identity again. Those that there are end by their
    /// age.
    pub(crate) fn withdraw(&self) {
        tracing::error!("the identity has been withdrawn: no new connection is made or taken");
        self.tls.send_modify(|tls| *tls = Arc::new(tls.withdrawn()));
        self.show();
    }

    fn show(&self) {
        let tls = self.tls.borrow();
        let id = if tls.is_withdrawn {
            ""
        } else {
            tls.id.as_ref()
        };
        self.info.reset();
        self.info.with_label_values(&[self.source, id]).set(1);
        self.expires.set(unix_seconds(tls.expires));
    }
}

/// The first identity of the agent that can be used.
async fn first(agent: &mut Agent, domain: &TrustDomain) -> Tls {
    loop {
        let Said::Identity(said) = agent.next().await else {
            continue;
        };
        match said.and_then(|credentials| Tls::new(credentials, domain)) {
            Ok(tls) => return tls,
            Err(error) => {
                tracing::error!(cause = %error, "what the agent gives is no identity: {error}");
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
