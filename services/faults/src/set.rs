//! The content of a faults file: faults by their names.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Fault, Name};

/// Faults by their names, such as
/// `{"slow": {"delay": {"route": "GET /products/{id}", "share": 0.5, "milliseconds": 800}}}`.
/// No name stands twice, and there are at most [`FaultSet::MOST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FaultSet(BTreeMap<Name, Fault>);

impl FaultSet {
    /// The most faults of a service: each is a series of its metrics, and nobody can tell the
    /// effects of so many apart.
    pub const MOST: usize = 16;

    /// Reads the text of a file. An error names the line.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The text of a file.
    pub fn to_text(&self) -> String {
        // Names and faults are texts and numbers.
        serde_json::to_string_pretty(self).expect("it has no other keys than texts") + "\n"
    }

    /// Adds a fault, or replaces the one of this name.
    pub fn insert(&mut self, name: Name, fault: Fault) {
        self.0.insert(name, fault);
    }

    /// Takes a fault out.
    pub fn remove(&mut self, name: &Name) -> Option<Fault> {
        self.0.remove(name)
    }

    /// The faults, by their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Fault)> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fault of a name.
    pub fn get(&self, name: &Name) -> Option<&Fault> {
        self.0.get(name)
    }
}

impl<'de> Deserialize<'de> for FaultSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Faults;

        impl<'de> Visitor<'de> for Faults {
            type Value = FaultSet;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("faults by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FaultSet, A::Error> {
                let mut faults = BTreeMap::new();
                while let Some(name) = map.next_key::<Name>()? {
                    if faults.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{name} stands here twice")));
                    }
                    if faults.len() == FaultSet::MOST {
                        let most = FaultSet::MOST;
                        return Err(A::Error::custom(format_args!("more than {most} faults")));
                    }
                    faults.insert(name, map.next_value()?);
                }
                Ok(FaultSet(faults))
            }
        }

        deserializer.deserialize_map(Faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{
  "slow": { "delay": { "route": "GET /products/{id}", "share": 0.5, "milliseconds": 800 } },
  "broken": { "fail": { "route": "POST /orders", "share": 1, "status": 503 } },
  "queue": { "lock": { "route": "GET /inventory", "milliseconds": 50 } },
  "busy": { "block": { "route": "GET /products", "milliseconds": 20 } },
  "leak": { "memory": { "bytes_per_second": 1048576, "up_to_bytes": 67108864 } },
  "elsewhere": "outside"
}"#;

    #[test]
    fn a_file_has_faults_of_every_kind_and_is_written_as_it_is_read() {
        let faults = FaultSet::parse(ALL).unwrap();
        assert_eq!(faults.iter().count(), 6);
        assert_eq!(FaultSet::parse(&faults.to_text()).unwrap(), faults);
        assert!(FaultSet::parse("{}").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (from, to, why) in [
            ("0.5", "0", "0 is not a share"),
            ("0.5", "1.5", "1.5 is not a share"),
            ("800", "0", "0 is not a number from 1 to 10000"),
            ("800", "10001", "10001 is not a number from 1 to 10000"),
            ("GET /products/{id}", "/products", "is not a route"),
            ("\"share\": 0.5,", "", "missing field `share`"),
            (
                "\"share\"",
                "\"chance\": 1, \"share\"",
                "unknown field `chance`",
            ),
            ("delay", "hang", "unknown variant `hang`"),
            ("\"slow\"", "\"Slow\"", "is not a name"),
        ] {
            let error = FaultSet::parse(&ALL.replacen(from, to, 1)).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(why), "{why}: {text}");
            assert_eq!(error.line(), 2, "{text}");
        }
        for (from, to, why, line) in [
            ("503", "404", "404 is not a status", 3),
            ("\"leak\"", "\"slow\"", "slow stands here twice", 6),
            ("67108864", "9999999999", "9999999999 is not a number", 6),
            ("\"outside\"", "\"outside\",", "trailing comma", 8),
        ] {
            let error = FaultSet::parse(&ALL.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(error.line(), line, "{error}");
        }
        assert!(FaultSet::parse("").is_err());
        assert!(FaultSet::parse("[]").is_err());
    }

    #[test]
    fn a_file_has_at_most_sixteen() {
        let of = |count: usize| {
            let faults: Vec<_> = (0..count)
                .map(|n| format!("\"f{n}\": \"outside\""))
                .collect();
            FaultSet::parse(&format!("{{{}}}", faults.join(",")))
        };
        assert!(of(16).is_ok());
        assert!(of(17).unwrap_err().to_string().contains("more than 16"));
    }
}
