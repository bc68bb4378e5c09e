//! What a run has to reach.

use std::str::FromStr;
use std::time::Duration;

use crate::report::Report;
use crate::shop::Endpoint;

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
    endpoint: Option<Endpoint>,
    limit: Duration,
}

impl FromStr for LatencyLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (endpoint, limit) = match text.rsplit_once('=') {
            Some((endpoint, limit)) => (Some(endpoint.trim().parse()?), limit),
            None => (None, text),
        };
        let limit = humantime::parse_duration(limit).map_err(|error| error.to_string())?;
        Ok(Self { endpoint, limit })
    }
}

/// What was missed, each with by how much. A run without a request misses everything.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_for_all_endpoints_or_for_one_that_exists() {
        let parse = str::parse::<LatencyLimit>;
        let limit = Duration::from_millis(10);
        let all = LatencyLimit {
            endpoint: None,
            limit,
        };
        assert_eq!(parse("10ms"), Ok(all));
        let orders = LatencyLimit {
            endpoint: Some(Endpoint::Order),
            limit,
        };
        assert_eq!(parse("POST /api/orders=10ms"), Ok(orders));
        let unknown = parse("POST /api/order=10ms").unwrap_err();
        assert!(unknown.contains("POST /api/orders"), "{unknown}");
        assert!(parse("10").is_err());
    }
}
