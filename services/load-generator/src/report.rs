//! The report: for a program as JSON, for a person as a table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::args::Args;
use crate::record::{Endpoint, Record};

/// What a run has shown. The names of the fields are an interface.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Where the requests went.
    pub(crate) target: String,
    /// What repeats the choices of the run.
    pub(crate) seed: u64,
    /// How long it lasted, in seconds.
    pub(crate) seconds: f64,
    /// How many requests were answered or failed.
    pub(crate) requests: u64,
    /// How many of them failed.
    pub(crate) failed: u64,
    /// How many requests a second were answered as they should be.
    pub(crate) rate: f64,
    /// By endpoint: method and route.
    pub(crate) endpoints: BTreeMap<&'static str, EndpointReport>,
}

/// What a run has shown of one endpoint.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EndpointReport {
    /// How many requests were answered or failed.
    pub(crate) requests: u64,
    /// Failures that belong to the game, by kind.
    pub(crate) expected: BTreeMap<&'static str, u64>,
    /// All other failures, by kind.
    pub(crate) failed: BTreeMap<String, u64>,
    /// One failure of each kind, with its trace.
    pub(crate) examples: BTreeMap<String, String>,
    /// Latency in milliseconds; in the open loop from the intended start.
    pub(crate) latency_ms: Latency,
}

/// Quantiles of a latency, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Report {
    pub(crate) fn new(args: &Args, seed: u64, length: Duration, record: &Record) -> Self {
        let (requests, failed) = record.counts();
        let endpoints = record.endpoints().into_iter();
        Self {
            target: args.target.to_string(),
            seed,
            seconds: length.as_secs_f64(),
            requests,
            failed,
            rate: as_float(requests - failed) / length.as_secs_f64().max(0.001),
            endpoints: endpoints
                .map(|(name, seen)| (name, EndpointReport::new(seen)))
                .collect(),
        }
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:26} {:>9} {:>8} {:>9} {:>9} {:>9} {:>9}\n",
            "endpoint", "requests", "failed", "p50 ms", "p90 ms", "p99 ms", "max ms"
        );
        for (name, endpoint) in &self.endpoints {
            let Latency { p50, p90, p99, max } = endpoint.latency_ms;
            let failed: u64 = endpoint.failed.values().sum();
            let _ = writeln!(
                text,
                "{name:26} {:>9} {failed:>8} {p50:>9.2} {p90:>9.2} {p99:>9.2} {max:>9.2}",
                endpoint.requests
            );
            for (what, count) in &endpoint.expected {
                let _ = writeln!(text, "  {what:24} {count:>9}");
            }
            for (what, count) in &endpoint.failed {
                let example = endpoint.examples.get(what).map_or("", String::as_str);
                let _ = writeln!(text, "  {what:24} {count:>9} failed, such as {example}");
            }
        }
        let _ = writeln!(
            text,
            "{} requests in {:.1} s, {} failed, {:.0} good ones a second, seed {}",
            self.requests, self.seconds, self.failed, self.rate, self.seed
        );
        text
    }
}

impl EndpointReport {
    fn new(seen: Endpoint) -> Self {
        let milliseconds = |quantile| as_float(seen.latency.value_at_quantile(quantile)) / 1000.0;
        let latency_ms = Latency {
            p50: milliseconds(0.5),
            p90: milliseconds(0.9),
            p99: milliseconds(0.99),
            max: as_float(seen.latency.max()) / 1000.0,
        };
        let failed = seen.failed.iter();
        Self {
            requests: seen.latency.len(),
            expected: seen.expected,
            failed: failed
                .map(|(what, (count, _))| (what.clone(), *count))
                .collect(),
            examples: seen
                .failed
                .into_iter()
                .map(|(what, (_, example))| (what, example))
                .collect(),
            latency_ms,
        }
    }
}

#[allow(clippy::cast_precision_loss)] // counts and microseconds, far below 2^53
fn as_float(number: u64) -> f64 {
    number as f64
}
