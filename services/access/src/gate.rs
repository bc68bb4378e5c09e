//! Admits requests by their tokens.

use std::sync::Arc;

use api::endpoints::Access;
use api::{Person, Problem, ProblemKind};
use http::{HeaderMap, HeaderValue, header};
use telemetry::Telemetry;
use telemetry::traces::name_end_user;

use crate::announce::announce;
use crate::limit::Limit;
use crate::metrics::{ADMITTED, FORBIDDEN, GateMetrics, NO_TOKEN, TOO_MANY};
use crate::{GateArgs, IssuerArgs, Provider, Refusal, TlsError, Verifier};

/// When to try again, in seconds, while the issuer cannot be reached.
const RETRY_AFTER: u16 = 5;

/// Admits requests where people sign in.
#[derive(Debug)]
pub struct Gate {
    verifier: Verifier,
    limit: Limit,
    metrics: GateMetrics,
}

/// Why there is no gate.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// There is no TLS to the provider.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A metric could not be registered.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl Gate {
    /// The gate of these settings, with the provider that it asks; none where nobody signs in. Either way
    /// the log and the metric `sign_in_enabled` say which.
    pub fn new(
        issuer: &IssuerArgs,
        args: &GateArgs,
        telemetry: &Arc<Telemetry>,
    ) -> Result<Option<(Self, Provider)>, GateError> {
        let provider = Provider::new(issuer, telemetry)?;
        announce(provider.as_ref(), &telemetry.metrics)?;
        let Some(provider) = provider else {
            return Ok(None);
        };
        let gate = Self {
            verifier: Verifier::new(provider.clone(), issuer),
            limit: Limit::new(args.requests_per_person),
            metrics: GateMetrics::new(&telemetry.metrics)?,
        };
        Ok(Some((gate, provider)))
    }

    /// Who sends a request to an endpoint of this access, if they may; nobody where everybody may.
    pub async fn admit(
        &self,
        access: Access,
        headers: &HeaderMap,
    ) -> Result<Option<Person>, Problem> {
        if access == Access::Everybody {
            return Ok(None);
        }
        let Some(token) = bearer(headers) else {
            self.refuse(NO_TOKEN, "there is no token");
            let detail = "Sign in: this is not for everybody.";
            return Err(Problem::sign_in_required(detail, "Bearer"));
        };
        let bearer = match self.verifier.verify(token).await {
            Ok(bearer) => bearer,
            Err(refusal) => return Err(self.refused(refusal)),
        };
        name_end_user(bearer.owner.as_str());
        if let Err(wait) = self.limit.take(&bearer.owner) {
            self.refuse(TOO_MANY, "the person sends too many requests");
            let seconds = HeaderValue::from(wait.as_secs() + 1);
            let detail =
                "You send more requests than one person may. Retry-After says when to try again.";
            let problem = Problem::new(ProblemKind::TooManyRequests, detail);
            return Err(problem.with_header(header::RETRY_AFTER, seconds));
        }
        let Some(role) = bearer.role.filter(|&role| access.allows(role)) else {
            self.refuse(FORBIDDEN, "the role does not allow it");
            let detail = match access {
                Access::Operators => "Only operators may do this.",
                _ => "You are neither a customer nor an operator of this shop.",
            };
            return Err(Problem::new(ProblemKind::Forbidden, detail));
        };
        self.metrics.count(ADMITTED);
        let owner = bearer.owner.clone();
        Ok(Some(Person { owner, role }))
    }

    fn refused(&self, refusal: Refusal) -> Problem {
        self.refuse(refusal.as_str(), &refusal.to_string());
        if refusal == Refusal::Unavailable {
            let detail = "It cannot be checked now who you are. Try again in a moment.";
            return Problem::unavailable(detail, RETRY_AFTER);
        }
        // RFC 6750 section 3. The reason is for the log: a client can do nothing with it but guess.
        let detail = "The token is not accepted. Sign in again.";
        Problem::sign_in_required(detail, "Bearer error=\"invalid_token\"")
    }

    fn refuse(&self, result: &'static str, reason: &str) {
        self.metrics.count(result);
        tracing::info!(result, "access refused: {reason}");
    }
}

/// The token of a request (RFC 6750 section 2.1), and only one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
