//! A scenario as its file has it. Whatever is missing or unknown in it is an error: a scenario
//! without its evidence is none.

use std::collections::BTreeMap;

use faults::Fault;
use serde::Deserialize;

use crate::evidence::Evidence;
use crate::services::Service;

/// A way to break the shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// Its name, from the name of its file.
    #[serde(skip)]
    pub(crate) name: String,
    /// What is wrong, in a few words.
    pub(crate) title: String,
    /// What it does.
    pub(crate) does: String,
    /// The fault of each service. What is made outside of the services is told of by one of them.
    pub(crate) faults: BTreeMap<Service, Fault>,
    /// What the stock of products is set to; it is put back at the end.
    #[serde(default)]
    pub(crate) stock: BTreeMap<String, u32>,
    /// What systemd does.
    #[serde(default)]
    pub(crate) systemd: Systemd,
    /// What can be seen of it.
    #[allow(dead_code)] // see there
    pub(crate) evidence: Evidence,
}

/// Commands, each a program and its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Systemd {
    pub(crate) start: Vec<Vec<String>>,
    pub(crate) stop: Vec<Vec<String>>,
}

impl Scenario {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, serde_json::Error> {
        let mut scenario: Self = serde_json::from_str(text)?;
        name.clone_into(&mut scenario.name);
        Ok(scenario)
    }

    /// The scenario as the name of a fault.
    pub(crate) fn fault_name(&self) -> faults::Name {
        let name = self.name.clone().try_into();
        name.expect("a test reads each")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{
        "title": "T", "does": "D",
        "faults": { "product-service": "outside" },
        "evidence": {
            "alert": { "name": "A", "labels": {} },
            "panel": { "dashboard": "d", "title": "P", "above": 1 },
            "trace": { "service": "s", "operation": "o" },
            "log": { "query": "{}" }
        }
    }"#;

    #[test]
    fn a_scenario_has_all_its_evidence_and_nothing_unknown() {
        assert!(Scenario::parse("a", WHOLE).is_ok());
        for (from, to) in [
            ("\"alert\": { \"name\": \"A\", \"labels\": {} },", ""),
            (
                "\"trace\": { \"service\": \"s\", \"operation\": \"o\" },",
                "",
            ),
            (
                "\"panel\": { \"dashboard\": \"d\", \"title\": \"P\", \"above\": 1 },",
                "",
            ),
            (",\n            \"log\": { \"query\": \"{}\" }", ""),
            ("product-service", "unknown-service"),
            ("\"does\"", "\"dose\""),
            ("\"outside\"", "\"inside\""),
        ] {
            let text = WHOLE.replacen(from, to, 1);
            assert_ne!(text, WHOLE, "{from}");
            assert!(Scenario::parse("a", &text).is_err(), "{from}");
        }
    }
}
