//! Whether a run has met its thresholds.

use crate::endpoint::Endpoint;
use crate::report::Report;
use crate::thresholds::{LatencyLimit, Thresholds};

/// The thresholds that the run missed, each with by how much. A run without requests misses all.
pub(crate) fn missed(thresholds: &Thresholds, report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    if let Some(limit) = thresholds.max_error_rate {
        let (rate, failed, requests) = (report.error_rate(), report.failed, report.requests);
        if rate > limit {
            let above = rate - limit;
            missed.push(format!(
                "the error rate is {rate:.4} ({failed} of {requests}), {above:.4} above {limit}"
            ));
        }
    }
    for LatencyLimit { endpoint, limit } in &thresholds.max_p99 {
        let limit = limit.as_secs_f64() * 1000.0;
        let asked = |name: &str| endpoint.is_none_or(|endpoint| endpoint.name() == name);
        let mut found = report
            .endpoints
            .iter()
            .filter(|(name, _)| asked(name))
            .peekable();
        if found.peek().is_none() {
            let name = endpoint.map_or("any endpoint", Endpoint::name);
            missed.push(format!(
                "the p99 of {name} is unknown: there was no request"
            ));
        }
        for (name, endpoint) in found {
            let p99 = endpoint.latency_ms.p99;
            if p99 > limit {
                let above = p99 - limit;
                missed.push(format!(
                    "the p99 of {name} is {p99:.2} ms, {above:.2} ms above {limit} ms"
                ));
            }
        }
    }
    if let Some(limit) = thresholds.min_rate.filter(|limit| report.rate < *limit) {
        let (rate, below) = (report.rate, limit - report.rate);
        missed.push(format!(
            "the rate is {rate:.1} a second, {below:.1} below {limit}"
        ));
    }
    missed
}
