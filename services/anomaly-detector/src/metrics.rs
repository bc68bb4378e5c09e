//! What the scraper sees: the band and the score of each series, which anomalies there are, and what
//! the detector itself costs.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{self, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts};
use telemetry::metrics::Metrics;

use crate::detector::Detector;
use crate::labels::Labels;
use crate::watch::Seen;

/// A family of one value for each series.
struct Family {
    name: &'static str,
    help: &'static str,
    value: fn(&Seen) -> Option<f64>,
}

const FAMILIES: [Family; 5] = [
    Family {
        name: "anomaly_observed",
        help: "The last value of the series, in its own unit.",
        value: |seen| seen.observed,
    },
    Family {
        name: "anomaly_expected",
        help: "What the last value was expected to be.",
        value: |seen| Some(seen.band?.expected),
    },
    Family {
        name: "anomaly_lower",
        help: "The lower border of what is usual: one value in 500 is below it.",
        value: |seen| Some(seen.band?.lower),
    },
    Family {
        name: "anomaly_upper",
        help: "The upper border of what is usual: one value in 500 is above it.",
        value: |seen| Some(seen.band?.upper),
    },
    Family {
        name: "anomaly_score",
        help: "How unusual the last value is, from 0 to 1; in an ordinary week at most one value in a thousand has 0.99 or more.",
        value: |seen| Some(seen.score),
    },
];

const ACTIVE: &str = "anomaly_events_active";
const ACTIVE_HELP: &str =
    "Anomalies that are not over and not silenced, by the series that was first; 1 for each.";

/// All series, read when the scraper asks.
struct SeriesCollector {
    detector: Arc<Mutex<Detector>>,
    descs: Vec<Desc>,
}

/// What the detector counts of itself.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    rounds: Histogram,
    failures: IntCounter,
    until: Gauge,
    found: IntCounterVec,
}

/// Rounds: from a few queries of an idle Prometheus to the interval.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];

impl Own {
    /// Registers everything.
    pub(crate) fn new(
        metrics: &Metrics,
        detector: &Arc<Mutex<Detector>>,
    ) -> prometheus::Result<Self> {
        let own = Self {
            rounds: Histogram::with_opts(
                HistogramOpts::new(
                    "anomaly_detector_round_seconds",
                    "Time of a round: all queries, and what they are learned in.",
                )
                .buckets(BUCKETS.to_vec()),
            )?,
            failures: IntCounter::new(
                "anomaly_detector_query_failures_total",
                "Queries that Prometheus did not answer as it should.",
            )?,
            until: Gauge::new(
                "anomaly_detector_last_round_timestamp_seconds",
                "When a round was last answered in full, in seconds since 1970.",
            )?,
            found: IntCounterVec::new(
                Opts::new(
                    "anomaly_events_total",
                    "Anomalies that were found; several series of one cause are one.",
                ),
                &["silenced"],
            )?,
        };
        for silenced in ["false", "true"] {
            own.found.with_label_values(&[silenced]).inc_by(0);
        }
        metrics.register(Box::new(own.rounds.clone()))?;
        metrics.register(Box::new(own.failures.clone()))?;
        metrics.register(Box::new(own.until.clone()))?;
        metrics.register(Box::new(own.found.clone()))?;
        metrics.register(Box::new(SeriesCollector::new(Arc::clone(detector))?))?;
        Ok(own)
    }

    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    /// A round is over; `answered` is its time, if every query was answered.
    pub(crate) fn round(&self, took: Duration, answered: Option<u64>) {
        self.rounds.observe(took.as_secs_f64());
        if let Some(time) = answered {
            self.until.set(time as f64);
        }
    }

    pub(crate) fn found(&self, silenced: bool) {
        let silenced = if silenced { "true" } else { "false" };
        self.found.with_label_values(&[silenced]).inc();
    }
}

impl SeriesCollector {
    fn new(detector: Arc<Mutex<Detector>>) -> prometheus::Result<Self> {
        let families = FAMILIES.iter().map(|family| (family.name, family.help));
        let own = [
            (ACTIVE, ACTIVE_HELP),
            (SERIES, SERIES_HELP),
            (IGNORED, IGNORED_HELP),
        ];
        let descs: prometheus::Result<Vec<_>> = families
            .chain(own)
            .map(|(name, help)| Desc::new(name.to_owned(), help.to_owned(), Vec::new(), [].into()))
            .collect();
        Ok(Self {
            detector,
            descs: descs?,
        })
    }
}

const SERIES: &str = "anomaly_detector_series";
const SERIES_HELP: &str = "Series that are learned.";
const IGNORED: &str = "anomaly_detector_series_ignored";
const IGNORED_HELP: &str = "Series of the last answers for which there is no room.";

impl Collector for SeriesCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let detector = self.detector.lock();
        let mut families: Vec<MetricFamily> = Vec::with_capacity(FAMILIES.len() + 3);
        for family in &FAMILIES {
            let series = detector.learned.iter().flat_map(|(query, learned)| {
                learned.series.iter().filter_map(move |(labels, watch)| {
                    let value = (family.value)(watch.seen()?)?;
                    Some((Some(&**query), Some(labels), value))
                })
            });
            families.extend(gauges(family.name, family.help, series));
        }
        let active = detector
            .events
            .iter()
            .filter(|event| event.told && !event.silenced);
        let active = active.map(|event| {
            (
                Some(&*event.first().query),
                Some(&event.first().labels),
                1.0,
            )
        });
        families.extend(gauges(ACTIVE, ACTIVE_HELP, active));
        let one = |value: u64| std::iter::once((None, None, value as f64));
        families.extend(gauges(SERIES, SERIES_HELP, one(detector.series() as u64)));
        families.extend(gauges(IGNORED, IGNORED_HELP, one(detector.ignored)));
        families
    }
}

/// A family of gauges; `None` when there is none of it.
fn gauges<'a>(
    name: &str,
    help: &str,
    values: impl Iterator<Item = (Option<&'a str>, Option<&'a Labels>, f64)>,
) -> Option<MetricFamily> {
    let metrics: Vec<_> = values
        .map(|(query, labels, value)| {
            let query = query.map(|query| ("query", query)).into_iter();
            let labels = labels.into_iter().flat_map(Labels::iter);
            let mut pairs: Vec<_> = query.chain(labels).map(pair).collect();
            pairs.sort();
            let mut metric = Metric::from_label(pairs);
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
            metric
        })
        .collect();
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(MetricType::GAUGE);
    family.set_metric(metrics);
    (!family.get_metric().is_empty()).then_some(family)
}

fn pair((name, value): (&str, &str)) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}
