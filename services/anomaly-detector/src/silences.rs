//! Planned work: the silences of Alertmanager, which keep an anomaly from being told.

use client::{Peer, PeerError};
use serde::Deserialize;

use crate::back_end::get;
use crate::events::Member;

/// The alert by which an anomaly is told; a silence may name it.
const ALERT: &str = "AnomalyFound";

/// A silence of Alertmanager's API.
/// <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>
#[derive(Debug, Deserialize)]
pub(crate) struct Silence {
    matchers: Vec<Matcher>,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Status {
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

const fn yes() -> bool {
    true
}

/// The silences that hold now.
pub(crate) async fn active(alertmanager: &Peer) -> Result<Vec<Silence>, PeerError> {
    let mut silences: Vec<Silence> = get(alertmanager, "/api/v2/silences", "").await?;
    silences.retain(|silence| silence.status.state == "active");
    Ok(silences)
}

impl Silence {
    /// Whether an anomaly is silenced: all matchers hold of its labels.
    pub(crate) fn covers(&self, member: &Member) -> bool {
        !self.matchers.is_empty() && self.matchers.iter().all(|matcher| matcher.holds(member))
    }
}

impl Matcher {
    fn holds(&self, member: &Member) -> bool {
        let value = match self.name.as_str() {
            "alertname" => ALERT,
            "query" => &member.query,
            "service" => member.labels.service().unwrap_or_default(),
            name => member.labels.get(name).unwrap_or_default(),
        };
        let matches = if self.is_regex {
            matches(&self.value, value)
        } else {
            self.value == value
        };
        matches == self.is_equal
    }
}

/// The regular expressions that people write in silences: alternatives of words, `.+` and `.*`. Any
/// other silences nothing, so that no anomaly is lost to a misreading.
fn matches(pattern: &str, value: &str) -> bool {
    let pattern = pattern.strip_prefix("^").unwrap_or(pattern);
    let pattern = pattern.strip_suffix("$").unwrap_or(pattern);
    let pattern = pattern
        .strip_prefix("(")
        .and_then(|inner| inner.strip_suffix(")"))
        .unwrap_or(pattern);
    pattern.split('|').any(|alternative| match alternative {
        ".*" => true,
        ".+" => !value.is_empty(),
        _ => match alternative.strip_suffix(".*") {
            Some(prefix) => value.starts_with(prefix),
            None => alternative == value,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_alternatives_and_beginnings_and_any_other_silences_nothing() {
        let holds = [
            ("order-service", "order-service"),
            ("^(order-service|frontend)$", "frontend"),
            ("order.*", "order-service"),
            (".*", ""),
            (".+", "frontend"),
        ];
        for (pattern, value) in holds {
            assert!(matches(pattern, value), "{pattern} {value}");
        }
        let not = [
            ("order", "order-service"),
            (".+", ""),
            ("order-[a-z]+", "order-service"),
            ("(?i)FRONTEND", "frontend"),
        ];
        for (pattern, value) in not {
            assert!(!matches(pattern, value), "{pattern} {value}");
        }
    }
}
