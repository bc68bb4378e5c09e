//! The measurements of a run: latencies and failures by endpoint.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::answers::Answered;
use crate::endpoint::Endpoint;
use crate::failure::{Example, Failure, Kind};

/// The measurements so far. There is one lock: the generator has one thread, so nothing waits for it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    seen: Mutex<Seen>,
    in_flight: AtomicU64,
}

/// The measurements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) endpoints: BTreeMap<Endpoint, EndpointSeen>,
    /// How long after its intended start each request left.
    pub(crate) started_late: Latency,
}

/// The measurements of one endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndpointSeen {
    pub(crate) latency: Latency,
    pub(crate) expected: BTreeMap<&'static str, u64>,
    /// By kind: how many, and the first as an example.
    pub(crate) failed: BTreeMap<Kind, (u64, Example)>,
}

/// Durations, in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latency(pub(crate) Histogram<u64>);

/// A request in flight, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a AtomicU64);

impl Record {
    /// Counts a request as in flight.
    pub(crate) fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    /// How many requests are in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts an outcome.
    pub(crate) fn add(
        &self,
        endpoint: Endpoint,
        outcome: &Result<Answered, Failure>,
        latency: Duration,
    ) {
        let mut seen = self.seen.lock();
        let endpoint = seen.endpoints.entry(endpoint).or_default();
        endpoint.latency.add(latency);
        match outcome {
            Ok(answered) => {
                if let Some(name) = answered.expected() {
                    *endpoint.expected.entry(name).or_default() += 1;
                }
            }
            Err(Failure { kind, example }) => {
                let failed = endpoint.failed.entry(*kind);
                failed.or_insert_with(|| (0, example.clone())).0 += 1;
            }
        }
    }

    /// Counts how long after its intended start a request left.
    pub(crate) fn started_late(&self, by: Duration) {
        self.seen.lock().started_late.add(by);
    }

    /// How many requests there were, and how many of them failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let seen = self.seen.lock();
        let endpoints = || seen.endpoints.values();
        (
            endpoints().map(|endpoint| endpoint.latency.0.len()).sum(),
            endpoints().map(EndpointSeen::failures).sum(),
        )
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().clone()
    }
}

impl EndpointSeen {
    /// How many requests failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().map(|(count, _)| count).sum()
    }
}

impl Latency {
    fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }
}

impl Default for Latency {
    /// Up to an hour, exact to three digits; what is longer counts as an hour.
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("valid bounds"))
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_recorded_as_it_is() {
        let record = Record::default();
        for millis in 1..=100 {
            let latency = Duration::from_millis(millis);
            record.add(Endpoint::List, &Ok(Answered::Good), latency);
        }
        let seen = record.seen();
        let latency = &seen.endpoints[&Endpoint::List].latency.0;
        assert_eq!(latency.value_at_quantile(0.5) / 100, 500);
        assert_eq!(latency.max() / 100, 1000);
        assert_eq!(record.counts(), (100, 0));
    }

    #[test]
    fn an_expected_error_is_no_failure_and_the_first_failure_is_the_example() {
        let record = Record::default();
        let unknown = Ok(Answered::UnknownProduct);
        record.add(Endpoint::Detail, &unknown, Duration::ZERO);
        for detail in ["first", "second"] {
            let failure = Err(Failure::unanswered(Kind::Timeout, detail));
            record.add(Endpoint::Detail, &failure, Duration::ZERO);
        }
        assert_eq!(record.counts(), (3, 2));
        let seen = record.seen();
        let (count, example) = &seen.endpoints[&Endpoint::Detail].failed[&Kind::Timeout];
        assert_eq!((*count, example.detail.as_str()), (2, "first"));
    }

    #[test]
    fn a_request_is_in_flight_until_it_is_dropped() {
        let record = Record::default();
        let first = record.begin();
        let second = record.begin();
        drop(first);
        assert_eq!(record.in_flight(), 1);
        drop(second);
        assert_eq!(record.in_flight(), 0);
    }
}
