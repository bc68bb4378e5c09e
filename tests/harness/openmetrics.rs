//! A strict reader of OpenMetrics 1.0 text: whatever the specification forbids, and whatever this
//! project does not use, is a panic that names the line.
//! <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>

use std::collections::{BTreeMap, BTreeSet};

/// All families by name.
#[derive(Debug, Default)]
pub struct Exposition {
    /// The families.
    pub families: BTreeMap<String, Family>,
}

/// A family: the lines from its TYPE to the next one's.
#[derive(Debug)]
pub struct Family {
    /// counter, gauge or histogram.
    pub kind: String,
    /// The last word of its name, where that is a unit.
    pub unit: Option<String>,
    help: Option<String>,
    /// Its samples in their order.
    pub samples: Vec<Sample>,
}

/// A line with a value.
#[derive(Debug)]
pub struct Sample {
    name: String,
    /// Its labels, `le` among them.
    pub labels: BTreeMap<String, String>,
    value: f64,
    /// An example of what it counts.
    pub exemplar: Option<Exemplar>,
}

/// What stands behind the `#` of a sample.
#[derive(Debug)]
pub struct Exemplar {
    /// Its labels: the trace.
    pub labels: BTreeMap<String, String>,
    /// The value that was observed.
    pub value: f64,
}

/// Reads a whole text.
pub fn parse(text: &str) -> Exposition {
    let body = text.strip_suffix("# EOF\n").expect("# EOF ends the text");
    let mut exposition = Exposition::default();
    let mut current = String::new();
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect(line);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            let family = Family {
                kind: kind.to_owned(),
                unit: None,
                help: None,
                samples: Vec::new(),
            };
            let earlier = exposition.families.insert(name.to_owned(), family);
            assert!(earlier.is_none(), "a family stands in one piece: {line}");
            name.clone_into(&mut current);
            continue;
        }
        let family = exposition.families.get_mut(&current);
        let family = family.unwrap_or_else(|| panic!("TYPE comes first: {line}"));
        if let Some(rest) = line.strip_prefix("# UNIT ") {
            let (name, unit) = rest.split_once(' ').expect(line);
            assert!(
                family.unit.is_none() && family.help.is_none() && family.samples.is_empty(),
                "{line}"
            );
            assert!(
                name == current && name.ends_with(&format!("_{unit}")),
                "{line}"
            );
            family.unit = Some(unit.to_owned());
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect(line);
            assert!(
                family.help.is_none() && family.samples.is_empty() && name == current,
                "{line}"
            );
            family.help = Some(help.to_owned());
        } else {
            assert!(
                family.help.is_some(),
                "HELP comes before samples here: {line}"
            );
            family.samples.push(sample(line));
        }
    }
    for (name, family) in &exposition.families {
        family.check(name);
    }
    exposition
}

impl Family {
    fn check(&self, name: &str) {
        assert!(!self.samples.is_empty(), "{name} has no sample");
        assert!(
            !name.ends_with("_total"),
            "{name}: the family of a counter has no _total"
        );
        let mut seen = BTreeSet::new();
        for sample in &self.samples {
            let id = format!("{} {:?}", sample.name, sample.labels);
            assert!(
                seen.insert(id),
                "{} {:?} stands twice",
                sample.name,
                sample.labels
            );
            let suffix = sample
                .name
                .strip_prefix(name)
                .expect("a sample bears its family's name");
            match self.kind.as_str() {
                "counter" => assert!(suffix == "_total" && sample.value >= 0.0, "{sample:?}"),
                "gauge" => assert_eq!(suffix, "", "{sample:?}"),
                _ => assert!(
                    ["_bucket", "_count", "_sum"].contains(&suffix),
                    "{sample:?}"
                ),
            }
            assert_eq!(
                suffix == "_bucket",
                sample.labels.contains_key("le"),
                "{sample:?}"
            );
            assert!(
                sample.exemplar.is_none() || suffix == "_bucket",
                "{sample:?}"
            );
        }
        if self.kind == "histogram" {
            self.check_histograms(name);
        }
    }

    /// For each set of labels: ascending bounds to +Inf, counts that never fall, and an exemplar
    /// that lies in its own bucket.
    fn check_histograms(&self, name: &str) {
        let mut rest = &self.samples[..];
        while let Some(first) = rest.first() {
            let mut labels = first.labels.clone();
            labels.remove("le");
            let buckets = rest
                .iter()
                .take_while(|sample| sample.name == format!("{name}_bucket"))
                .count();
            let (own, after) = rest.split_at(buckets + 2);
            rest = after;
            let (mut below, mut count) = (f64::NEG_INFINITY, 0.0);
            for sample in &own[..buckets] {
                let text = &sample.labels["le"];
                assert!(
                    text == "+Inf" || text.contains(['.', 'e']),
                    "le is a float: {sample:?}"
                );
                let bound = number(text);
                assert!(bound > below && sample.value >= count, "{sample:?}");
                if let Some(exemplar) = &sample.exemplar {
                    assert!(
                        below < exemplar.value && exemplar.value <= bound,
                        "{sample:?}"
                    );
                    assert!(sample.value > count, "an exemplar of nothing: {sample:?}");
                }
                (below, count) = (bound, sample.value);
            }
            assert!(below.is_infinite(), "{name} {labels:?} ends with +Inf");
            assert!(
                own[buckets].name.ends_with("_count") && own[buckets + 1].name.ends_with("_sum"),
                "{own:?}"
            );
            assert!(
                (own[buckets].value - count).abs() < f64::EPSILON,
                "{name} {labels:?}"
            );
            for sample in own {
                let mut own_labels = sample.labels.clone();
                own_labels.remove("le");
                assert_eq!(own_labels, labels, "a histogram stands in one piece");
            }
        }
    }
}

fn sample(line: &str) -> Sample {
    let name = line.find(['{', ' ']).expect(line);
    let (name, rest) = line.split_at(name);
    assert!(
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit()),
        "{line}"
    );
    let (labels, rest) = labels(rest);
    let rest = rest.strip_prefix(' ').expect(line);
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => (value, Some(exemplar)),
        None => (rest, None),
    };
    Sample {
        name: name.to_owned(),
        labels,
        // No sample here has a time stamp, so a second word is an error.
        value: number(value),
        exemplar: exemplar.map(|text| {
            assert!(text.starts_with('{'), "{line}");
            let (labels, rest) = self::labels(text);
            let length: usize = labels
                .iter()
                .map(|(name, value)| name.chars().count() + value.chars().count())
                .sum();
            assert!(
                length <= 128,
                "the labels of an exemplar have at most 128 characters: {line}"
            );
            let words: Vec<_> = rest.trim_start_matches(' ').split(' ').collect();
            let [value, time] = words[..] else {
                panic!("{line}")
            };
            assert!(number(time) > 1_600_000_000.0, "seconds since 1970: {line}");
            Exemplar {
                labels,
                value: number(value),
            }
        }),
    }
}

/// `{name="value",...}` with the escapes `\\`, `\"` and `\n`; and what stands behind it.
fn labels(text: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    let Some(mut rest) = text.strip_prefix('{') else {
        return (labels, text);
    };
    loop {
        let (name, after) = rest.split_once("=\"").expect(text);
        let (mut value, mut characters) = (String::new(), after.char_indices());
        let end = loop {
            match characters.next().expect(text) {
                (_, '\\') => value.push(match characters.next().expect(text).1 {
                    'n' => '\n',
                    escaped @ ('\\' | '"') => escaped,
                    other => panic!("no such escape: \\{other} in {text}"),
                }),
                (end, '"') => break end,
                (_, character) => value.push(character),
            }
        };
        let earlier = labels.insert(name.to_owned(), value);
        assert!(earlier.is_none(), "a label stands twice: {text}");
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return (labels, rest.strip_prefix('}').expect(text)),
        }
    }
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        _ => text
            .parse()
            .unwrap_or_else(|error| panic!("{error}: {text}")),
    }
}
