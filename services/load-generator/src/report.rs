//! The report. Programs rely on its keys, which `load-generator --help` documents.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::failure::Example;
use crate::record::{EndpointSeen, Latency};
use crate::traffic::Traffic;

/// The result of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Where the requests went.
    pub(crate) target: String,
    /// What decided when a request starts.
    #[serde(flatten)]
    pub(crate) mode: Mode,
    /// The seed, which repeats the choices of the run.
    pub(crate) seed: u64,
    /// Whether it was ended early by a signal.
    pub(crate) interrupted: bool,
    /// How long it lasted, in seconds, to the last answer.
    pub(crate) seconds: f64,
    /// How many requests were answered or failed.
    pub(crate) requests: u64,
    /// How many of them were answered by an expected error.
    pub(crate) expected: u64,
    /// How many of them failed.
    pub(crate) failed: u64,
    /// How many more had no answer yet when a signal ended the run.
    pub(crate) abandoned: u64,
    /// How many requests a second did not fail.
    pub(crate) rate: f64,
    /// Open loop: how long after its intended start a request left, in milliseconds.
    pub(crate) started_late_ms: Option<Quantiles>,
    /// The missed thresholds, in words; filled in when they have been checked.
    pub(crate) missed_thresholds: Vec<String>,
    /// By endpoint: method and route.
    pub(crate) endpoints: BTreeMap<&'static str, EndpointReport>,
}

/// What decided when a request starts.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Users, who wait for the answer to the request before.
    Closed { users: u32 },
    /// The clock, at a fixed rate.
    Open { requested_rate: f64 },
}

/// The result for one endpoint.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EndpointReport {
    /// How many requests were answered or failed.
    pub(crate) requests: u64,
    /// How many a second.
    pub(crate) rate: f64,
    /// Expected errors, by kind.
    pub(crate) expected: BTreeMap<&'static str, u64>,
    /// Failures, by kind.
    pub(crate) failed: BTreeMap<String, u64>,
    /// The first failure of each kind.
    pub(crate) examples: BTreeMap<String, Example>,
    /// Latency in milliseconds; in the open loop from the intended start.
    pub(crate) latency_ms: Quantiles,
}

/// Quantiles of durations, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Report {
    pub(crate) fn new(traffic: &Traffic, length: Duration, interrupted: bool) -> Self {
        let (requests, failed) = traffic.record.counts();
        let seen = traffic.record.seen();
        // Not zero, so that a run that ends at once has a rate.
        let seconds = length.as_secs_f64().max(0.001);
        let expected = seen
            .endpoints
            .values()
            .flat_map(|seen| seen.expected.values());
        let expected = expected.sum();
        let mode = match traffic.args.rate {
            Some(requested_rate) => Mode::Open { requested_rate },
            None => Mode::Closed {
                users: traffic.args.users,
            },
        };
        let started_late = &seen.started_late;
        let started_late_ms = traffic.args.rate.map(|_| Quantiles::of(started_late));
        let endpoints = seen.endpoints.into_iter();
        Self {
            target: traffic.args.target.to_string(),
            mode,
            seed: traffic.seed,
            interrupted,
            seconds,
            requests,
            expected,
            failed,
            abandoned: traffic.record.in_flight(),
            rate: as_float(requests - failed) / seconds,
            started_late_ms,
            missed_thresholds: Vec::new(),
            endpoints: endpoints
                .map(|(endpoint, seen)| (endpoint.name(), EndpointReport::new(seen, seconds)))
                .collect(),
        }
    }

    /// The share of requests that failed; 1 without requests.
    pub(crate) fn error_rate(&self) -> f64 {
        if self.requests == 0 {
            1.0
        } else {
            as_float(self.failed) / as_float(self.requests)
        }
    }
}

impl EndpointReport {
    fn new(seen: EndpointSeen, seconds: f64) -> Self {
        let requests = seen.latency.0.len();
        let (mut failed, mut examples) = (BTreeMap::new(), BTreeMap::new());
        for (kind, (count, example)) in seen.failed {
            failed.insert(kind.to_string(), count);
            examples.insert(kind.to_string(), example);
        }
        Self {
            requests,
            rate: as_float(requests) / seconds,
            expected: seen.expected,
            failed,
            examples,
            latency_ms: Quantiles::of(&seen.latency),
        }
    }
}

impl Quantiles {
    fn of(Latency(histogram): &Latency) -> Self {
        let milliseconds = |quantile| as_float(histogram.value_at_quantile(quantile)) / 1000.0;
        Self {
            p50: milliseconds(0.5),
            p90: milliseconds(0.9),
            p99: milliseconds(0.99),
            max: as_float(histogram.max()) / 1000.0,
        }
    }
}

#[allow(clippy::cast_precision_loss)] // counts and microseconds, far below 2^53
fn as_float(number: u64) -> f64 {
    number as f64
}
