//! What tells the series of a query apart.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// The most labels of a series, and the longest value: a query is to aggregate the rest away.
const MOST: usize = 8;
const LONGEST: usize = 128;

/// The labels of a series, without its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Those of Prometheus, or `None` if they are too many, too long, or of names that the text format
    /// of metrics cannot write plainly, as Prometheus has allowed from version 3 on.
    pub(crate) fn new(mut metric: BTreeMap<String, String>) -> Option<Self> {
        metric.remove("__name__");
        // The name of the query has this label.
        metric.remove("query");
        let bounded = metric.len() <= MOST && metric.values().all(|value| value.len() <= LONGEST);
        (bounded && metric.keys().all(|name| is_plain(name))).then_some(Self(metric))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The service that it is about.
    pub(crate) fn service(&self) -> Option<&str> {
        self.get("job")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(plain)
}

impl Display for Labels {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.0.values().map(String::as_str).collect();
        formatter.write_str(&values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Option<Labels> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Labels::new(pairs.collect())
    }

    #[test]
    fn what_cannot_be_a_label_of_our_own_metrics_is_left_out() {
        let job = labels(&[("__name__", "x"), ("query", "y"), ("job", "order-service")]);
        assert_eq!(job.unwrap().to_string(), "order-service");
        assert!(labels(&[("service.name", "order-service")]).is_none());
        assert!(labels(&[("1st", "x")]).is_none());
        assert!(labels(&[("job", &"x".repeat(200))]).is_none());
    }
}
