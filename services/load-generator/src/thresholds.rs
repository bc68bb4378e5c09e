//! The thresholds that a run has to meet, as the command line gives them.

use std::str::FromStr;
use std::time::Duration;

use crate::endpoint::Endpoint;

/// The thresholds; those that are not given hold always.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thresholds {
    pub(crate) max_error_rate: Option<f64>,
    pub(crate) max_p99: Vec<LatencyLimit>,
    pub(crate) min_rate: Option<f64>,
}

/// A limit for the p99 of one endpoint, or of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LatencyLimit {
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) limit: Duration,
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
