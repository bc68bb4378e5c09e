//! Reads OpenMetrics text, as far as the shop's services write it: a sample a line, perhaps with an
//! exemplar.
//!
//! <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The name of the series.
    pub name: &'a str,
    /// Its labels.
    pub labels: Labels<'a>,
    /// Its value.
    pub value: f64,
    /// What stands behind it.
    pub exemplar: Option<Exemplar<'a>>,
}

/// A trace behind a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Its labels: the trace's id.
    pub labels: Labels<'a>,
    /// What was observed.
    pub value: f64,
    /// When, in seconds since 1970.
    pub time: f64,
}

/// Names and values. The values are as written: none of the shop's needs an escape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Labels<'a> {
    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(found, _)| *found == name);
        found.map(|(_, value)| *value)
    }

    /// `{a="b",c="d"}` and what follows it; no labels when there is no brace.
    fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let Some(mut rest) = text.strip_prefix('{') else {
            return Some((Self::default(), text));
        };
        let mut labels = Vec::new();
        loop {
            if let Some(rest) = rest.strip_prefix('}') {
                return Some((Self(labels), rest));
            }
            let (name, after) = rest.split_once("=\"")?;
            // A route's template has braces, so that only the quote ends a value.
            let (value, after) = after.split_once('"')?;
            labels.push((name, value));
            rest = after.strip_prefix(',').unwrap_or(after);
        }
    }
}

/// All samples of a text. What cannot be read is left out.
pub fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(sample)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = Labels::parse(rest)?;
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => (value, self::exemplar(exemplar)),
        None => (rest, None),
    };
    Some(Sample {
        name,
        labels,
        value: value.trim().parse().ok()?,
        exemplar,
    })
}

fn exemplar(text: &str) -> Option<Exemplar<'_>> {
    let (labels, rest) = Labels::parse(text)?;
    let (value, time) = rest.trim().split_once(' ')?;
    Some(Exemplar {
        labels,
        value: value.parse().ok()?,
        time: time.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_labels_values_and_exemplars() {
        let text = "# TYPE h histogram\n\
            h_bucket{uri=\"/orders/{id}\",le=\"+Inf\"} 3 # {trace_id=\"ab\"} 0.25 1700000000.5\n\
            up 1\n\
            nonsense\n\
            # EOF\n";
        let samples: Vec<_> = samples(text).collect();
        let [bucket, up] = &samples[..] else {
            panic!("{samples:?}");
        };
        assert_eq!((bucket.name, bucket.value), ("h_bucket", 3.0));
        assert_eq!(bucket.labels.get("uri"), Some("/orders/{id}"));
        assert_eq!(bucket.labels.get("le"), Some("+Inf"));
        let exemplar = bucket.exemplar.as_ref().unwrap();
        assert_eq!(exemplar.labels.get("trace_id"), Some("ab"));
        assert_eq!((exemplar.value, exemplar.time), (0.25, 1_700_000_000.5));
        assert_eq!((up.name, up.value, &up.exemplar), ("up", 1.0, &None));
        assert_eq!(up.labels.get("le"), None);
    }
}
