//! What the gate has decided, as metrics.

use prometheus::{IntCounterVec, Opts};
use telemetry::metrics::Metrics;

/// The decisions beside the refusals of tokens.
pub(crate) const ADMITTED: &str = "admitted";
pub(crate) const NO_TOKEN: &str = "no_token";
pub(crate) const FORBIDDEN: &str = "forbidden";
pub(crate) const TOO_MANY: &str = "too_many";

/// Counts decisions.
#[derive(Clone, Debug)]
pub(crate) struct GateMetrics(IntCounterVec);

impl GateMetrics {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let opts = Opts::new(
            "access_checks_total",
            "Requests to routes that ask for a sign-in, by what became of them: admitted, no_token, forbidden (the role), too_many, or why the token was refused.",
        );
        let decisions = IntCounterVec::new(opts, &["result"])?;
        metrics.register(Box::new(decisions.clone()))?;
        for result in [ADMITTED, NO_TOKEN, FORBIDDEN, TOO_MANY] {
            decisions.with_label_values(&[result]);
        }
        Ok(Self(decisions))
    }

    pub(crate) fn count(&self, result: &'static str) {
        self.0.with_label_values(&[result]).inc();
    }
}
