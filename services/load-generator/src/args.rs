//! The command line.

use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use client::PeerUrl;

use crate::thresholds::{LatencyLimit, Thresholds};

/// Traffic for the shop, with a report and an exit code that tells whether it went well.
///
/// By default ten users do what people do: list the products, look at one (now and then at one
/// that does not exist), buy sometimes, and think. With --rate requests start at fixed times,
/// whether or not earlier ones have been answered, and latency counts from the moment at which a
/// request should have started, so that queueing shows.
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
    load-generator                                   ten users for five minutes\n  \
    load-generator --users 64 --pause 0s --orders-only --duration 10s   as much as it takes\n  \
    load-generator --rate 500 --orders-only --duration 30s --max-p99 10ms\n  \
    load-generator --seed 7 --report report.json     the same choices again, and JSON\n\n\
    Exit codes: 0 all thresholds met, 1 one missed, 2 wrong usage, 69 the target cannot be reached,\n  \
    73 the report cannot be written."
)]
pub(crate) struct Args {
    /// Where the requests go: the gateway, or the frontend server.
    #[arg(
        long,
        env = "GATEWAY_SERVICE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) target: PeerUrl,

    /// How many users there are (closed loop).
    #[arg(long, value_name = "USERS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) users: u32,

    /// How long it lasts: 300s, 5m, or forever.
    #[arg(long, value_name = "DURATION", default_value = "300s")]
    pub(crate) duration: Length,

    /// Starts so many requests a second, come what may (open loop).
    #[arg(long, value_name = "REQUESTS", value_parser = positive, conflicts_with = "users")]
    pub(crate) rate: Option<f64>,

    /// How many requests may be under way at once in the open loop; more wait here, and their
    /// waiting counts. It keeps a dead target from eating all ports of this host.
    #[arg(long, value_name = "REQUESTS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) max_in_flight: u32,

    /// The time that a user thinks between two rounds: one duration, or two parted by "..".
    #[arg(long, value_name = "DURATION", default_value = "100ms..2s")]
    pub(crate) pause: Pause,

    /// The share of looks that go to a product that does not exist.
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    pub(crate) deliberate_errors: f64,

    /// The share of rounds that end in an order.
    #[arg(long, value_name = "SHARE", default_value = "0.3", value_parser = share)]
    pub(crate) orders: f64,

    /// The most pieces of one order.
    #[arg(long, value_name = "PIECES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) largest_order: u32,

    /// Nothing but orders.
    #[arg(long)]
    pub(crate) orders_only: bool,

    /// Fills a shelf up to 1,000 pieces when an order found too few, so that a demonstration
    /// keeps selling.
    #[arg(long)]
    pub(crate) restock: bool,

    /// How long an answer may take. The gateway gives up after ten seconds; whoever waits longer
    /// waits for nobody.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,

    /// Makes the choices of a run repeatable.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Writes the report as JSON to this file; "-" is standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<String>,

    /// The largest share of requests that may fail.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_error_rate: Option<f64>,

    /// The largest p99: of every endpoint (10ms), or of one ("POST /api/orders=10ms").
    #[arg(long, value_name = "LIMIT")]
    max_p99: Vec<LatencyLimit>,

    /// The least rate of answered requests, in requests a second.
    #[arg(long, value_name = "REQUESTS", value_parser = positive)]
    min_rate: Option<f64>,
}

/// How long a run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    For(Duration),
    Forever,
}

/// The time between two rounds, from the shortest to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
}

impl Args {
    pub(crate) fn thresholds(&self) -> Thresholds {
        Thresholds {
            max_error_rate: self.max_error_rate,
            max_p99: self.max_p99.clone(),
            min_rate: self.min_rate,
        }
    }

    /// What will happen, in a line.
    pub(crate) fn summary(&self) -> String {
        let length = match self.duration {
            Length::For(duration) => format!("for {}", humantime::format_duration(duration)),
            Length::Forever => "until it is stopped".to_owned(),
        };
        let load = match self.rate {
            Some(rate) => format!("{rate} requests a second"),
            None => format!("{} users", self.users),
        };
        format!("{load} at {} {length}", self.target)
    }
}

impl FromStr for Length {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "forever" {
            Ok(Self::Forever)
        } else {
            humantime::parse_duration(text).map(Self::For)
        }
    }
}

impl FromStr for Pause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |text: &str| humantime::parse_duration(text).map_err(|error| error.to_string());
        let (shortest, longest) = match text.split_once("..") {
            Some((shortest, longest)) => (parse(shortest)?, parse(longest)?),
            None => (parse(text)?, parse(text)?),
        };
        if shortest <= longest {
            Ok(Self { shortest, longest })
        } else {
            Err("the first duration is the shorter one".to_owned())
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.001..=1e6).contains(&number) => Ok(number),
        _ => Err("it is a number from 0.001 to 1000000".to_owned()),
    }
}
