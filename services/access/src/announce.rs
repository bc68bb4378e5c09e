//! Says whether people sign in, in the log and as a metric.

use prometheus::IntGauge;
use telemetry::metrics::Metrics;

use crate::Provider;

/// Says plainly whether people sign in: one line in the log, and the gauge `sign_in_enabled`.
pub fn announce(provider: Option<&Provider>, metrics: &Metrics) -> prometheus::Result<()> {
    let enabled = IntGauge::new(
        "sign_in_enabled",
        "1: people sign in. 0: whoever reaches the port may do everything.",
    )?;
    enabled.set(provider.is_some().into());
    metrics.register(Box::new(enabled))?;
    if let Some(provider) = provider {
        let issuer = provider.issuer();
        tracing::info!(%issuer, "people sign in at {issuer}");
    } else {
        tracing::info!(
            "nobody signs in: whoever reaches the port may do everything (OIDC_ISSUER is not set)"
        );
    }
    Ok(())
}
