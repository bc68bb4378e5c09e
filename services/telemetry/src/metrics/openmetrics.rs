//! OpenMetrics 1.0 text with exemplars, over the families that the `prometheus` crate gathers.
//!
//! <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>. Unlike in
//! the older text, a counter's family has no `_total`, only its samples have; `le` is a float; the
//! text ends with `# EOF`. The metadata comes in the order TYPE, UNIT, HELP.

use std::fmt::{self, Display, Write};
use std::time::UNIX_EPOCH;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::exemplar::Exemplar;

/// The value of `Content-Type`.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The families as OpenMetrics; `exemplar` finds the one of a family's bucket by its labels.
pub(super) fn encode(
    families: &[MetricFamily],
    exemplar: impl Fn(&str, &[LabelPair], usize) -> Option<Exemplar>,
) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for family in families {
        family_text(&mut text, family, &exemplar).expect("a String takes every write");
    }
    text.push_str("# EOF\n");
    text
}

fn family_text(
    text: &mut String,
    family: &MetricFamily,
    exemplar: &impl Fn(&str, &[LabelPair], usize) -> Option<Exemplar>,
) -> fmt::Result {
    let full = family.name();
    let (name, kind) = match family.get_field_type() {
        MetricType::COUNTER => (full.strip_suffix("_total").unwrap_or(full), "counter"),
        MetricType::GAUGE => (full, "gauge"),
        MetricType::HISTOGRAM => (full, "histogram"),
        // The registry holds none of these.
        MetricType::SUMMARY | MetricType::UNTYPED => return Ok(()),
    };
    writeln!(text, "# TYPE {name} {kind}")?;
    if let Some(unit) = unit(name) {
        writeln!(text, "# UNIT {name} {unit}")?;
    }
    writeln!(text, "# HELP {name} {}", Escaped(family.help()))?;
    for metric in family.get_metric() {
        let labels = Labels {
            pairs: metric.get_label(),
            bound: None,
        };
        match family.get_field_type() {
            MetricType::COUNTER => {
                writeln!(
                    text,
                    "{name}_total{labels} {}",
                    metric.get_counter().get_value()
                )?;
            }
            MetricType::GAUGE => {
                writeln!(text, "{name}{labels} {}", metric.get_gauge().get_value())?;
            }
            MetricType::HISTOGRAM => histogram_text(text, name, metric, |bucket| {
                exemplar(full, metric.get_label(), bucket)
            })?,
            MetricType::SUMMARY | MetricType::UNTYPED => {}
        }
    }
    Ok(())
}

/// The unit of a family: the last of the words of its name, which underscores separate.
fn unit(name: &str) -> Option<&str> {
    let (_, last) = name.rsplit_once('_')?;
    ["seconds", "bytes"].contains(&last).then_some(last)
}

fn histogram_text(
    text: &mut String,
    name: &str,
    metric: &Metric,
    exemplar: impl Fn(usize) -> Option<Exemplar>,
) -> fmt::Result {
    let histogram = metric.get_histogram();
    let finite = histogram
        .get_bucket()
        .iter()
        .filter(|bucket| bucket.upper_bound().is_finite());
    let all = histogram.get_sample_count();
    let buckets = finite
        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
        .chain([(f64::INFINITY, all)]);
    for (index, (bound, count)) in buckets.enumerate() {
        let labels = Labels {
            pairs: metric.get_label(),
            bound: Some(bound),
        };
        write!(text, "{name}_bucket{labels} {count}")?;
        if let Some(exemplar) = exemplar(index) {
            let time = exemplar.time.duration_since(UNIX_EPOCH).unwrap_or_default();
            write!(
                text,
                " # {{trace_id=\"{}\"}} {} {}.{:03}",
                exemplar.trace_id,
                exemplar.value,
                time.as_secs(),
                time.subsec_millis()
            )?;
        }
        text.push('\n');
    }
    let labels = Labels {
        pairs: metric.get_label(),
        bound: None,
    };
    writeln!(text, "{name}_count{labels} {all}")?;
    writeln!(text, "{name}_sum{labels} {}", histogram.get_sample_sum())
}

/// `{name="value",le="0.5"}`, or nothing when there are no labels.
struct Labels<'a> {
    pairs: &'a [LabelPair],
    bound: Option<f64>,
}

impl Display for Labels<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = '{';
        for pair in self.pairs {
            write!(
                formatter,
                "{separator}{}=\"{}\"",
                pair.name(),
                Escaped(pair.value())
            )?;
            separator = ',';
        }
        match self.bound {
            Some(bound) if bound.is_infinite() => write!(formatter, "{separator}le=\"+Inf\"}}"),
            // Debug writes a float with its point: 1.0.
            Some(bound) => write!(formatter, "{separator}le=\"{bound:?}\"}}"),
            None if separator == ',' => formatter.write_char('}'),
            None => Ok(()),
        }
    }
}

/// Backslash, quote and line feed, as OpenMetrics escapes them in help and label values.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => formatter.write_str("\\\\")?,
                '"' => formatter.write_str("\\\"")?,
                '\n' => formatter.write_str("\\n")?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use opentelemetry::trace::TraceId;
    use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

    use super::*;

    fn text(register: impl FnOnce(&Registry), exemplar: Option<Exemplar>) -> String {
        let registry = Registry::new();
        register(&registry);
        encode(&registry.gather(), |_, _, bucket| {
            exemplar.filter(|_| bucket == 1)
        })
    }

    #[test]
    fn a_counter_loses_total_in_its_family_and_keeps_it_in_its_samples() {
        let counter = IntCounterVec::new(Opts::new("sold_total", "Sold."), &["what"]).unwrap();
        counter.with_label_values(&["a\"b\\c\nd"]).inc_by(3);
        let text = text(
            |registry| registry.register(Box::new(counter)).unwrap(),
            None,
        );
        assert_eq!(
            text,
            "# TYPE sold counter\n# HELP sold Sold.\nsold_total{what=\"a\\\"b\\\\c\\nd\"} 3\n# EOF\n"
        );
    }

    #[test]
    fn a_histogram_has_float_bounds_a_unit_and_its_exemplars() {
        let options = HistogramOpts::new("wait_seconds", "Waited.").buckets(vec![0.5, 1.0]);
        let histogram = Histogram::with_opts(options).unwrap();
        histogram.observe(0.75);
        let exemplar = Exemplar {
            trace_id: TraceId::from(0xabc),
            value: 0.75,
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500_007),
        };
        let text = text(
            |registry| registry.register(Box::new(histogram)).unwrap(),
            Some(exemplar),
        );
        assert_eq!(
            text,
            "# TYPE wait_seconds histogram\n# UNIT wait_seconds seconds\n# HELP wait_seconds Waited.\n\
             wait_seconds_bucket{le=\"0.5\"} 0\n\
             wait_seconds_bucket{le=\"1.0\"} 1 # {trace_id=\"00000000000000000000000000000abc\"} 0.75 1500.007\n\
             wait_seconds_bucket{le=\"+Inf\"} 1\n\
             wait_seconds_count 1\nwait_seconds_sum 0.75\n# EOF\n"
        );
    }

    #[test]
    fn a_unit_is_a_word_of_its_own_at_the_end_of_the_name() {
        for (name, expected) in [
            ("tokio_busy_seconds", Some("seconds")),
            ("process_resident_memory_bytes", Some("bytes")),
            ("wait_milliseconds", None),
            ("free_kilobytes", None),
            ("seconds", None),
            ("seconds_left", None),
        ] {
            assert_eq!(unit(name), expected, "{name}");
        }
    }

    #[test]
    fn a_gauge_without_labels_has_no_braces() {
        let gauge = IntGauge::new("open", "Open.").unwrap();
        gauge.set(-2);
        let text = text(|registry| registry.register(Box::new(gauge)).unwrap(), None);
        assert_eq!(
            text,
            "# TYPE open gauge\n# HELP open Open.\nopen -2\n# EOF\n"
        );
    }
}
