//! What became of sign-ins, as metrics.

use prometheus::{IntCounter, IntCounterVec, Opts};
use telemetry::metrics::Metrics;

/// Counts what becomes of sign-ins and sessions.
#[derive(Clone, Debug)]
pub(crate) struct SignInMetrics {
    sign_ins: IntCounterVec,
    renewals: IntCounterVec,
    pub(crate) cross_site: IntCounter,
}

impl SignInMetrics {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let sign_ins = IntCounterVec::new(
            Opts::new(
                "sign_ins_total",
                "Sign-ins that came back from the provider: completed, denied by it or by the person, failed (the answer was not accepted), unavailable (the provider gave none).",
            ),
            &["result"],
        )?;
        let renewals = IntCounterVec::new(
            Opts::new(
                "session_renewals_total",
                "Sessions whose token was about to end: renewed, ended by the provider, unavailable (the provider gave no answer).",
            ),
            &["result"],
        )?;
        let cross_site = IntCounter::new(
            "cross_site_requests_refused_total",
            "Requests that would change something and came from another site.",
        )?;
        metrics.register(Box::new(sign_ins.clone()))?;
        metrics.register(Box::new(renewals.clone()))?;
        metrics.register(Box::new(cross_site.clone()))?;
        for result in ["completed", "denied", "failed", "unavailable"] {
            sign_ins.with_label_values(&[result]);
        }
        for result in ["renewed", "ended", "unavailable"] {
            renewals.with_label_values(&[result]);
        }
        Ok(Self {
            sign_ins,
            renewals,
            cross_site,
        })
    }

    pub(crate) fn signed_in(&self, result: &'static str) {
        self.sign_ins.with_label_values(&[result]).inc();
    }

    pub(crate) fn renewed(&self, result: &'static str) {
        self.renewals.with_label_values(&[result]).inc();
    }
}
