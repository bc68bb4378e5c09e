//! The SPIFFE Workload API as the source: an agent on this host says who a process is, and says so
//! again whenever that changes (SPIFFE Workload API, section 5.2).

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use prometheus::IntGauge;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use spiffe::transport::Endpoint;
use spiffe::{Certificate, WorkloadApiClient, WorkloadApiError, X509Context};
use tokio::time::Instant;

use crate::credentials::Credentials;
use crate::error::{CredentialsError, StartError};

/// The pause before an agent that gave nothing is asked again: doubled each time, up to the longest.
/// The agent is on this host, so a question costs little, and the start of the host waits for it.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long an agent may take to answer. It has the identities of its host in memory and needs
/// milliseconds to find out who asks; more on a host that swaps.
const ANSWER: Duration = Duration::from_secs(10);

/// How long an agent has to refuse before the identity is taken as withdrawn. One that has just
/// started may for a moment not be able to find out which unit asks.
const DOUBT: Duration = Duration::from_secs(3);

type Updates = Pin<Box<dyn Stream<Item = Result<X509Context, WorkloadApiError>> + Send>>;

/// The agent, from our side of its socket.
pub(crate) struct Agent {
    /// As the settings have it.
    socket: String,
    endpoint: Endpoint,
    /// What it says, while it is connected.
    updates: Option<Updates>,
    pause: Duration,
    refusal: Refusal,
    /// Why it gives no identity, as the log has it already.
    reason: Option<String>,
    up: IntGauge,
}

/// What the agent has said.
#[derive(Debug)]
pub(crate) enum Said {
    /// Who this process is.
    Identity(Result<Credentials, CredentialsError>),
    /// That it is nobody, for long enough to be believed.
    Withdrawn,
}

/// Whether the agent refuses.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    No,
    Since(Instant),
    Believed,
}

/// Why the agent gives no identity.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{}", chain(.0))]
    Agent(#[from] WorkloadApiError),
    #[error("it does not answer within {} s", ANSWER.as_secs())]
    Silent,
    #[error("it has closed the connection")]
    Closed,
}

impl Agent {
    /// The agent behind this socket, `unix:///path`. It is not asked yet.
    pub(crate) fn new(socket: &str) -> Result<Self, StartError> {
        let endpoint = Endpoint::parse(socket);
        Ok(Self {
            socket: socket.to_owned(),
            endpoint: endpoint.map_err(|cause| StartError::Socket(socket.to_owned(), cause))?,
            updates: None,
            pause: PAUSE,
            refusal: Refusal::No,
            reason: None,
            up: IntGauge::new(
                "identity_agent_up",
                "1 while the agent of the host gives the service an identity; 0 when it cannot be \
                 reached, or refuses.",
            )?,
        })
    }

    /// Whether it gives an identity, as a metric.
    pub(crate) fn up(&self) -> &IntGauge {
        &self.up
    }

    /// Waits for what it says next. While that is nothing, it is asked again and again, and the log
    /// says why, once for each reason.
    pub(crate) async fn next(&mut self) -> Said {
        loop {
            let why = match self.update().await {
                Ok(context) => {
                    self.has_answered();
                    return Said::Identity(credentials(&context));
                }
                Err(why) => why,
            };
            self.warn(&why);
            if self.is_now_believed(&why) {
                return Said::Withdrawn;
            }
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The next update of the connection that there is, or the first one of a new connection.
    async fn update(&mut self) -> Result<X509Context, NoAnswer> {
        if let Some(mut updates) = self.updates.take() {
            match updates.next().await.transpose().map_err(NoAnswer::from) {
                Ok(Some(context)) => {
                    self.updates = Some(updates);
                    return Ok(context);
                }
                Err(why) if why.is_refusal() => return Err(why),
                // It has gone, or goes on in other words; whether there is another shows soon.
                Ok(None) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        let asked = async {
            let client = WorkloadApiClient::connect(self.endpoint.clone()).await?;
            let mut updates: Updates = Box::pin(client.stream_x509_contexts().await?);
            let first = updates.next().await.ok_or(NoAnswer::Closed)??;
            Ok((first, updates))
        };
        let answer = tokio::time::timeout(ANSWER, asked).await;
        let (first, updates) = answer.unwrap_or(Err(NoAnswer::Silent))?;
        self.updates = Some(updates);
        Ok(first)
    }

    fn has_answered(&mut self) {
        self.pause = PAUSE;
        self.refusal = Refusal::No;
        self.up.set(1);
        if self.reason.take().is_some() {
            tracing::info!(agent = self.socket, "the agent gives an identity");
        }
    }

    fn warn(&mut self, why: &NoAnswer) {
        self.up.set(0);
        let reason = why.to_string();
        if self.reason.as_ref() != Some(&reason) {
            tracing::warn!(
                agent = self.socket,
                cause = reason,
                "the agent gives no identity, and is asked again: {reason}"
            );
            self.reason = Some(reason);
        }
    }

    /// Whether this answer makes a refusal one that is believed.
    fn is_now_believed(&mut self, why: &NoAnswer) -> bool {
        self.refusal = match (why.is_refusal(), self.refusal) {
            (false, Refusal::Since(_)) => Refusal::No,
            (true, Refusal::No) => Refusal::Since(Instant::now()),
            (true, Refusal::Since(begin)) if begin.elapsed() >= DOUBT => {
                self.refusal = Refusal::Believed;
                return true;
            }
            (_, refusal) => refusal,
        };
        false
    }
}

impl NoAnswer {
    /// Whether the agent knows who asks, and has nothing for it.
    fn is_refusal(&self) -> bool {
        use WorkloadApiError::{NoIdentityIssued, PermissionDenied};
        matches!(self, Self::Agent(NoIdentityIssued | PermissionDenied(_)))
    }
}

/// The first identity of the answer, which is the one that the agent takes for the usual one, with
/// the authorities of its own domain alone.
fn credentials(context: &X509Context) -> Result<Credentials, CredentialsError> {
    let svid = context.default_svid().ok_or(CredentialsError::NoSpiffeId)?;
    let domain = svid.spiffe_id().trust_domain();
    let bundle = context.bundle_set().get_ref(domain);
    let bundle = bundle.ok_or(CredentialsError::NoAuthority)?;
    let der = |certificate: &Certificate| certificate.as_bytes().to_vec().into();
    let key = PrivatePkcs8KeyDer::from(svid.private_key().as_bytes().to_vec());
    let chain: Vec<CertificateDer<'static>> = svid.cert_chain().iter().map(der).collect();
    Credentials::new(chain, key.into(), bundle.authorities().iter().map(der))
}

/// An error with all that caused it: that of the transport alone says nothing.
fn chain(error: &WorkloadApiError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
