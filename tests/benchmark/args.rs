//! The command line.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

const EXAMPLES: &str =
    "Examples (after `cargo run --release --package shop-tests --bin benchmark --`):
  --help                      what is measured, and how
  gateway layers              these two only
  --rounds 15 latency         more rounds, steadier medians
  --strict                    a missed goal fails
  TMPDIR=/mnt/disk benchmark  the stores on another disk

Exit codes: 0 measured, 1 a measurement could not run (or, with --strict, a goal was missed),
  2 wrong usage.";

/// Measures what the shop costs and how fast it is, and holds it against its goals.
///
/// The services run as under systemd: the release build, native journal entries to a reader, spans
/// over OTLP to a receiver, stores on disk under $TMPDIR. What is compared takes turns within one
/// run, and the median over all rounds of the ratios counts. Absolute figures (orders a second,
/// latency, start) are only worth something on a machine that does nothing else.
#[derive(Clone, Debug, Parser)]
#[command(name = "benchmark", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What is measured; all of it when none is named.
    #[arg(value_enum)]
    measurements: Vec<Measurement>,

    /// How often each side has its turn.
    #[arg(long, value_name = "ROUNDS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,

    /// How long a turn lasts, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,

    /// How many users order at once, without a pause, where orders are counted and memory is read:
    /// by default what `load-generator --help` calls as much as it takes.
    #[arg(long, value_name = "USERS", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) users: u32,

    /// Exits with 1 when a goal is missed.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Is the bare proxy that the gateway is compared with, before this address.
    #[arg(long, hide = true)]
    pub(crate) bare_proxy: Option<SocketAddr>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measurement {
    /// The gateway's throughput against a bare hyper proxy, with all telemetry; and against `HAProxy`,
    /// nginx and Caddy with their logs, where they are installed.
    Gateway,
    /// The gateway's CPU for a request: bare, then with metrics, logs, spans, their export.
    Layers,
    /// New connections of a gateway with two workers, of which one is busy.
    Fairness,
    /// Good answers at three times the load that a service can bear, over those at its capacity.
    Overload,
    /// p99 of a look-up where one of three instances of a peer fails, or is slow, and how many fail.
    Instances,
    /// Orders a second, durable on disk, with all telemetry.
    Orders,
    /// p99 of an order at 500 a second: with all telemetry, none, and a receiver that hangs; and the
    /// time of an order when one user is alone.
    Latency,
    /// What an order costs where services have identities and people sign in, and what a new
    /// connection does.
    Trust,
    /// From exec to READY=1, with a new store and one that is there.
    Start,
    /// Resident memory of each service, idle and at its peak under load.
    Memory,
    /// What 500 series cost the anomaly detector, and a year of the past.
    Detector,
}

impl Args {
    pub(crate) fn measurements(&self) -> Vec<Measurement> {
        if self.measurements.is_empty() {
            Measurement::value_variants().to_vec()
        } else {
            self.measurements.clone()
        }
    }

    /// How long a turn lasts.
    pub(crate) fn turn(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("none is skipped");
        formatter.write_str(value.get_name())
    }
}
