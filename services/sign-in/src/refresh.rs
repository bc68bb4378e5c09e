//! Sessions whose token is about to end.

use std::sync::Arc;

use access::{Recent, Verifier, fingerprint};
use opentelemetry::Context;
use parking_lot::Mutex;
use telemetry::traces::FutureExt;
use tokio::sync::OnceCell;

use crate::flow::Failure;
use crate::metrics::SignInMetrics;
use crate::session::Session;
use crate::tokens::Client;

/// How many renewals are remembered. A page sends several requests with the old cookie, and a provider
/// takes a refresh token once.
const REMEMBERED: usize = 10_000;

/// What became of a renewal.
#[derive(Clone, Debug)]
pub(crate) enum Renewal {
    /// The session with its new token.
    Renewed(Session),
    /// The provider has ended it.
    Ended,
    /// The provider gives no answer: the old token is good for as long as it is.
    Unavailable,
}

type Outcome = Arc<OnceCell<Renewal>>;

/// Renews sessions, each once however many requests ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Refresher {
    client: Client,
    verifier: Verifier,
    metrics: SignInMetrics,
    outcomes: Arc<Mutex<Recent<[u8; 32], Outcome>>>,
}

impl Refresher {
    pub(crate) fn new(client: Client, verifier: Verifier, metrics: SignInMetrics) -> Self {
        Self {
            client,
            verifier,
            metrics,
            outcomes: Arc::new(Mutex::new(Recent::new(REMEMBERED))),
        }
    }

    /// Renews a session.
    pub(crate) async fn renew(&self, session: &Session) -> Renewal {
        if session.refresh.is_none() {
            return Renewal::Ended;
        }
        // Not of the refresh token, which some providers keep when they renew.
        let key = fingerprint(&session.token);
        let outcome = self.outcome(key);
        let asking = {
            let (this, session) = (self.clone(), session.clone());
            async move { this.ask(&session).await }
        };
        // A task of its own: the browser may go away, and what the provider has given then must not be
        // lost, since it takes the old token no more.
        let asking = Box::pin(async {
            let asking = tokio::spawn(asking.with_context(Context::current()));
            asking.await.unwrap_or(Renewal::Unavailable)
        });
        let renewal = outcome.get_or_init(|| asking).await.clone();
        if matches!(renewal, Renewal::Unavailable) {
            self.outcomes.lock().remove(&key);
        }
        renewal
    }

    fn outcome(&self, key: [u8; 32]) -> Outcome {
        let mut outcomes = self.outcomes.lock();
        if let Some(outcome) = outcomes.get(&key) {
            return Arc::clone(outcome);
        }
        let outcome = Outcome::default();
        outcomes.insert(key, Arc::clone(&outcome));
        outcome
    }

    async fn ask(&self, session: &Session) -> Renewal {
        let (result, renewal) = match self.tokens(session).await {
            Ok(session) => ("renewed", Renewal::Renewed(session)),
            Err(Failure::Unavailable(cause)) => {
                tracing::warn!(cause, "a session is not renewed: {cause}");
                ("unavailable", Renewal::Unavailable)
            }
            Err(Failure::Denied(cause) | Failure::Failed(cause)) => {
                tracing::info!(cause, "a session has ended: {cause}");
                ("ended", Renewal::Ended)
            }
        };
        self.metrics.renewed(result);
        renewal
    }

    /// The session with a new token (OpenID Connect Core 1.0 section 12.2).
    async fn tokens(&self, session: &Session) -> Result<Session, Failure> {
        let failed = |what: &str| Failure::Failed(what.to_owned());
        let refresh = session.refresh.as_deref().unwrap_or_default();
        let tokens = self.client.refresh(refresh).await?;
        let token = tokens.id_token.ok_or_else(|| failed("there is no token"))?;
        let bearer = self.verifier.verify(&token).await;
        let bearer = bearer.map_err(|refusal| Failure::Failed(refusal.to_string()))?;
        let earlier = self.verifier.verify(&session.token).await;
        if earlier.is_ok_and(|earlier| earlier.owner != bearer.owner) {
            return Err(failed("the token is another person's"));
        }
        Ok(session.renewed(token, tokens.refresh_token, &bearer))
    }
}
