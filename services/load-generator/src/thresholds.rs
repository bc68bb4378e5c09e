//! What a run has to reach.

use std::str::FromStr;
use std::time::Duration;

use crate::report::Report;

/// The limits that were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thresholds {
    pub(crate) max_error_rate: Option<f64>,
    pub(crate) max_p99: Vec<LatencyLimit>,
    pub(crate) min_rate: Option<f64>,
}

/// A limit for the p99 of one endpoint, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LatencyLimit {
    endpoint: Option<String>,
    limit: Duration,
}

impl FromStr for LatencyLimit {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (endpoint, limit) = match text.rsplit_once('=') {
            Some((endpoint, limit)) => (Some(endpoint.to_owned()), limit),
            None => (None, text),
        };
        Ok(Self {
            endpoint,
            limit: humantime::parse_duration(limit)?,
        })
    }
}

/// What was missed, each with by how much. A run without a request misses everything.
pub(crate) fn missed(thresholds: &Thresholds, report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    if let Some(limit) = thresholds.max_error_rate {
        let failed = u32::try_from(report.failed).unwrap_or(u32::MAX);
        let requests = u32::try_from(report.requests).unwrap_or(u32::MAX);
        let rate = f64::from(failed) / f64::from(requests.max(1));
        if rate > limit || requests == 0 {
            missed.push(format!(
                "error rate {rate:.4}, at most {limit} ({failed} of {requests})"
            ));
        }
    }
    for LatencyLimit { endpoint, limit } in &thresholds.max_p99 {
        let limit_ms = limit.as_secs_f64() * 1000.0;
        let named = |name: &str| endpoint.as_ref().is_none_or(|endpoint| endpoint == name);
        let mut seen = false;
        for (name, found) in report.endpoints.iter().filter(|(name, _)| named(name)) {
            seen = true;
            if found.latency_ms.p99 > limit_ms {
                let p99 = found.latency_ms.p99;
                missed.push(format!("p99 of {name} {p99:.2} ms, at most {limit_ms} ms"));
            }
        }
        if !seen {
            let name = endpoint.as_deref().unwrap_or("any endpoint");
            missed.push(format!("p99 of {name}: there was no such request"));
        }
    }
    if let Some(limit) = thresholds.min_rate.filter(|limit| report.rate < *limit) {
        missed.push(format!(
            "{:.1} good requests a second, at least {limit}",
            report.rate
        ));
    }
    missed
}
