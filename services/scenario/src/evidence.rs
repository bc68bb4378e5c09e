//! Where a scenario shows. The machine test reads it from the same file and looks at each; here it is
//! only held to be whole, and to stand on the page.

#![allow(dead_code)] // most of it is for the machine test

use std::collections::BTreeMap;

use serde::Deserialize;

/// Where a scenario shows: the machine test looks at each of these, and the page leads there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    pub(crate) alert: Alert,
    pub(crate) panel: Panel,
    pub(crate) trace: Trace,
    pub(crate) log: Log,
}

/// An alert that becomes pending, and fires if nobody acts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
}

/// A panel of a dashboard, and the bound that its own query passes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Panel {
    pub(crate) dashboard: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// The series of the answer that is meant.
    #[serde(default)]
    pub(crate) series: BTreeMap<String, String>,
    /// One of the two.
    #[serde(default)]
    pub(crate) above: Option<f64>,
    #[serde(default)]
    pub(crate) below: Option<f64>,
}

/// A search in Jaeger.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trace {
    pub(crate) service: String,
    pub(crate) operation: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) min_duration: Option<String>,
    /// Whether such traces are there on a good day, too: what they tell is that no customer feels
    /// anything yet.
    #[serde(default)]
    pub(crate) usual: bool,
}

/// A query to Loki.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) query: String,
}
