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
    /// Those of Prometheus, or `None` if they are too many or too long.
    pub(crate) fn new(mut metric: BTreeMap<String, String>) -> Option<Self> {
        metric.remove("__name__");
        // The name of the query has this label.
        metric.remove("query");
        let bounded = metric.len() <= MOST && metric.values().all(|value| value.len() <= LONGEST);
        bounded.then_some(Self(metric))
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

impl Display for Labels {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.0.values().map(String::as_str).collect();
        formatter.write_str(&values.join(", "))
    }
}
