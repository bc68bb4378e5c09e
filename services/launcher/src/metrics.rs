//! The metrics of the services: their last samples, and the traces behind them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use queries::Query;

use crate::openmetrics;
use crate::samples::{Sample, Samples};

/// The most exemplars of a service. A scrape finds about one for each route and bucket.
const EXEMPLARS: usize = 500;

/// A trace behind a service's response times.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The id of the trace.
    pub trace_id: String,
    /// How long the request took, in seconds.
    pub seconds: f64,
    /// When, in seconds since 1970.
    pub time: f64,
    /// The request's method, route and status.
    pub labels: BTreeMap<&'static str, String>,
}

/// The metrics of each service. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Service>>>);

#[derive(Debug, Default)]
struct Service {
    samples: Samples,
    exemplars: VecDeque<Exemplar>,
    /// The faults that the last scrape said are on.
    faults: Vec<String>,
}

impl Metrics {
    /// Keeps what a service answered at a time in seconds since 1970; `None` when it did not.
    pub fn keep(&self, service: &'static str, at: f64, text: Option<&str>) {
        let written: Option<Vec<_>> = text.map(|text| openmetrics::samples(text).collect());
        let written = written.as_deref();
        let sample = written.map(Sample::of);
        let faults = written.into_iter().flat_map(faults).collect();
        let mut services = self.0.lock();
        let service = services.entry(service).or_default();
        service.samples.add(at, sample);
        service.faults = faults;
        for exemplar in written.into_iter().flat_map(exemplars) {
            // A bucket shows its last one until the next comes.
            if service.exemplars.contains(&exemplar) {
                continue;
            }
            if service.exemplars.len() == EXEMPLARS {
                service.exemplars.pop_front();
            }
            service.exemplars.push_back(exemplar);
        }
    }

    /// For each service of which something is known, the values of a query at these times.
    pub fn range(&self, query: Query, times: &[f64]) -> Vec<(&'static str, Vec<(f64, f64)>)> {
        let services = self.0.lock();
        let values = |service: &Service| -> Vec<_> {
            times
                .iter()
                .filter_map(|time| Some((*time, service.samples.at(query, *time)?)))
                .collect()
        };
        services
            .iter()
            .map(|(name, service)| (*name, values(service)))
            .filter(|(_, values)| !values.is_empty())
            .collect()
    }

    /// The faults that are on: the service, and the name of the fault.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let services = self.0.lock();
        services
            .iter()
            .flat_map(|(name, service)| service.faults.iter().map(|fault| (*name, fault.clone())))
            .collect()
    }

    /// The traces behind a service's response times from `start` to `end` (seconds since 1970).
    pub fn exemplars(&self, service: &str, start: f64, end: f64) -> Vec<Exemplar> {
        let services = self.0.lock();
        let found = services.get(service).into_iter();
        found
            .flat_map(|service| &service.exemplars)
            .filter(|exemplar| (start..=end).contains(&exemplar.time))
            .cloned()
            .collect()
    }
}

fn faults(written: &[openmetrics::Sample<'_>]) -> impl Iterator<Item = String> {
    written
        .iter()
        .filter(|sample| sample.name == "fault_active" && sample.value > 0.0)
        .filter_map(|sample| sample.labels.get("fault").map(str::to_owned))
}

fn exemplars(written: &[openmetrics::Sample<'_>]) -> impl Iterator<Item = Exemplar> {
    written
        .iter()
        .filter(|sample| sample.name == "http_server_requests_seconds_bucket")
        .filter_map(|sample| {
            let exemplar = sample.exemplar.as_ref()?;
            let label = |name| Some((name, sample.labels.get(name)?.to_owned()));
            Some(Exemplar {
                trace_id: exemplar.labels.get("trace_id")?.to_owned(),
                seconds: exemplar.value,
                time: exemplar.time,
                labels: ["method", "uri", "status"]
                    .into_iter()
                    .filter_map(label)
                    .collect(),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(trace: &str, time: f64) -> String {
        format!(
            "http_server_requests_seconds_bucket{{uri=\"/a\",le=\"1.0\"}} 1 # {{trace_id=\"{trace}\"}} 0.5 {time}\n"
        )
    }

    #[test]
    fn an_exemplar_is_kept_once_and_the_oldest_gives_way() {
        let metrics = Metrics::default();
        for scrape in 0..600 {
            let time = f64::from(scrape);
            metrics.keep("a", time, Some(&text(&scrape.to_string(), time)));
            metrics.keep("a", time, Some(&text(&scrape.to_string(), time)));
        }
        let kept = metrics.exemplars("a", 0.0, 1e9);
        assert_eq!((kept.len(), kept[0].trace_id.as_str()), (500, "100"));
        assert_eq!(metrics.exemplars("a", 598.0, 598.5).len(), 1);
        assert_eq!(metrics.exemplars("b", 0.0, 1e9), []);
    }

    #[test]
    fn the_faults_are_those_of_the_last_scrape() {
        let metrics = Metrics::default();
        let on = "fault_active{fault=\"slow\"} 1.0\nfault_active{fault=\"over\"} 0.0\n";
        metrics.keep("a", 0.0, Some(on));
        metrics.keep("b", 0.0, Some(""));
        assert_eq!(metrics.faults(), [("a", "slow".to_owned())]);
        metrics.keep("a", 5.0, None);
        assert_eq!(metrics.faults(), [], "a process that is gone has none");
    }
}
