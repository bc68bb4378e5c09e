//! What a service's metrics say, read from the Prometheus text format 0.0.4.

use std::collections::BTreeMap;

use crate::Http;

/// One scrape: each sample by its name and labels.
#[derive(Clone, Debug)]
pub struct Scrape {
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
    /// The type of each family.
    pub types: BTreeMap<String, String>,
}

impl Scrape {
    /// Scrapes a service.
    pub async fn of(service: &Http) -> Self {
        let answer = service.get("/actuator/prometheus").await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        Self::parse(std::str::from_utf8(&answer.body).expect("UTF-8"))
    }

    /// Parses a text of the exposition format 0.0.4.
    pub fn parse(text: &str) -> Self {
        let (mut samples, mut types) = (Vec::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').expect("a type");
                types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') && !line.is_empty() {
                samples.push(sample(line));
            }
        }
        Self { samples, types }
    }

    /// The sum of all samples of this name whose labels hold all of these.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let matches = |found: &BTreeMap<String, String>| {
            labels
                .iter()
                .all(|(name, value)| found.get(*name).is_some_and(|text| text == value))
        };
        let samples = self.samples.iter();
        samples
            .filter(|(found, pairs, _)| found == name && matches(pairs))
            .map(|s| s.2)
            .sum()
    }

    /// The one sample of this name with exactly these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: BTreeMap<_, _> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut samples = self.samples.iter();
        samples
            .find(|(found, pairs, _)| found == name && *pairs == wanted)
            .map(|s| s.2)
    }

    /// All values that a label of a family has.
    pub fn label_values(&self, name: &str, label: &str) -> Vec<String> {
        let samples = self.samples.iter().filter(|(found, _, _)| found == name);
        let mut values: Vec<_> = samples
            .filter_map(|(_, pairs, _)| pairs.get(label).cloned())
            .collect();
        values.sort();
        values.dedup();
        values
    }

    /// The names of the labels of a family's samples.
    pub fn label_names(&self, name: &str) -> Vec<String> {
        let sample = self.samples.iter().find(|(found, _, _)| found == name);
        sample
            .map(|(_, pairs, _)| pairs.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Each sample: its name, its labels, its value.
    pub fn samples(&self) -> impl Iterator<Item = &(String, BTreeMap<String, String>, f64)> {
        self.samples.iter()
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.samples.len()
    }
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (head, value) = line.rsplit_once(' ').expect("a value");
    let value = match value {
        "+Inf" => f64::INFINITY,
        number => number
            .parse()
            .unwrap_or_else(|error| panic!("{error}: {line}")),
    };
    let Some((name, labels)) = head.split_once('{') else {
        return (head.to_owned(), BTreeMap::new(), value);
    };
    let mut pairs = BTreeMap::new();
    let mut rest = labels.strip_suffix('}').expect("a brace");
    while let Some((label, text)) = rest.split_once("=\"") {
        let end = text
            .find('"')
            .expect("a quote: no value under test holds one");
        pairs.insert(
            label.trim_start_matches(',').to_owned(),
            text[..end].to_owned(),
        );
        rest = &text[end + 1..];
    }
    (name.to_owned(), pairs, value)
}
