//! What was seen: latencies and failures by endpoint.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::shop::{Kind, Outcome};

/// Everything seen so far.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<BTreeMap<&'static str, Endpoint>>);

/// What was seen of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Microseconds.
    pub(crate) latency: Histogram<u64>,
    pub(crate) expected: BTreeMap<&'static str, u64>,
    /// By kind: how many, and the first as an example.
    pub(crate) failed: BTreeMap<String, (u64, String)>,
}

impl Default for Endpoint {
    fn default() -> Self {
        // Microseconds up to an hour, exact to three digits; what is longer counts as an hour.
        let latency = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("valid bounds");
        Self {
            latency,
            expected: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }
}

impl Record {
    /// Counts an answer.
    pub(crate) fn add(&self, outcome: Outcome, latency: Duration) {
        let mut endpoints = self.lock();
        let endpoint = endpoints.entry(outcome.endpoint).or_default();
        let micros = u64::try_from(latency.as_micros())
            .unwrap_or(u64::MAX)
            .max(1);
        endpoint.latency.saturating_record(micros);
        match outcome.kind {
            Kind::Good => {}
            Kind::Expected(what) => *endpoint.expected.entry(what).or_default() += 1,
            Kind::Failed { what, example } => {
                endpoint.failed.entry(what).or_insert((0, example)).0 += 1;
            }
        }
    }

    /// How many answers there were, and how many of them were failures.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let endpoints = self.lock();
        let requests = endpoints
            .values()
            .map(|endpoint| endpoint.latency.len())
            .sum();
        let failed = endpoints
            .values()
            .flat_map(|endpoint| endpoint.failed.values());
        (requests, failed.map(|(count, _)| count).sum())
    }

    pub(crate) fn endpoints(&self) -> BTreeMap<&'static str, Endpoint> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Endpoint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_told_as_it_was_seen() {
        let record = Record::default();
        for millis in 1..=100 {
            let outcome = Outcome {
                endpoint: "GET /",
                kind: Kind::Good,
            };
            record.add(outcome, Duration::from_millis(millis));
        }
        let latency = &record.endpoints()["GET /"].latency;
        assert_eq!(latency.value_at_quantile(0.5) / 100, 500);
        assert_eq!(latency.max() / 100, 1000);
        assert_eq!(record.counts(), (100, 0));
    }
}
