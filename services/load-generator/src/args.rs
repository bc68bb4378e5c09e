//! The command line.

use std::str::FromStr;
use std::time::Duration;

use api::PeerUrl;
use clap::Parser;

use crate::thresholds::{LatencyLimit, Thresholds};

const EXAMPLES: &str = "Examples:
  load-generator                                   ten users for five minutes
  load-generator --users 64 --pause 0s --orders-only --duration 10s   as fast as the shop answers
  load-generator --rate 500 --orders-only --duration 30s --max-p99 10ms
  load-generator --max-error-rate 0.01 --max-p99 'POST /api/orders=10ms' --min-rate 20
  load-generator --seed 7 --report report.json     the same choices again, and JSON
  load-generator --target http://127.0.0.1:3001 --restock --forever   through the frontend

Exit codes: 0 all thresholds met, 1 a threshold missed, 2 wrong usage, 69 the target cannot be
  reached, 73 the report cannot be written. Ctrl-C and SIGTERM end a run early, with its report.";

const REPORT_KEYS: &str = "Failures by kind: connect, broken (the connection), timeout, \"status 503\" and so on, \"bad body\" (a
  wrong answer, such as a total that is not quantity times unit price), \"not started\" (open loop:
  due, but kept back by --max-in-flight until the end). Expected errors are \"unknown product\" (the
  deliberate errors), \"short stock\" and \"pending\"; they are counted apart and are no failures.

The JSON report: target, mode (closed, open), users or requested_rate, seed, interrupted, seconds,
  requests, expected, failed, abandoned (cut off by an early end), rate (requests a second that did
  not fail), started_late_ms (open loop: how long after its intended start a request left;
  large values mean that this host or --max-in-flight is the bottleneck), missed_thresholds, and
  endpoints: by method and route requests, rate, expected and failed by kind, an example of each
  failure (status, detail, trace_id) and latency_ms (p50, p90, p99, max).";

/// Makes traffic for the shop, prints a report, and says by its exit code whether thresholds are
/// met.
///
/// By default ten users do what people do: list the products, look at one (now and then at one
/// that does not exist), sometimes buy, and think. With --rate, requests start at fixed times,
/// whether or not earlier ones have been answered, and latency counts from the time at which a
/// request should have started, so that queueing shows.
#[derive(Clone, Debug, Parser)]
#[command(version, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{REPORT_KEYS}"))]
pub(crate) struct Args {
    /// The URL of the gateway or of the frontend server.
    #[arg(
        long,
        visible_alias = "gateway-service-url",
        env = "GATEWAY_SERVICE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) target: PeerUrl,

    /// The number of users (closed loop).
    #[arg(long, value_name = "USERS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) users: u32,

    /// How long the run lasts: 300s, 5m, or forever.
    #[arg(long, value_name = "DURATION", default_value = "300s")]
    duration: Length,

    /// Runs until it is stopped, as a service does; the same as --duration forever.
    #[arg(long, conflicts_with = "duration")]
    forever: bool,

    /// Starts this many requests a second, however slow the answers are (open loop).
    #[arg(long, value_name = "REQUESTS", value_parser = rate, conflicts_with_all = ["users", "pause"])]
    pub(crate) rate: Option<f64>,

    /// The most requests in flight at once in the open loop. Others wait, which counts as latency.
    /// The limit keeps a dead target from using up the ports of this host.
    #[arg(long, value_name = "REQUESTS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) max_in_flight: u32,

    /// How long a user thinks between two rounds: one duration, or a range such as 100ms..2s (closed
    /// loop). With 0s each request follows the answer to the one before.
    #[arg(long, value_name = "DURATION", default_value = "100ms..2s")]
    pub(crate) pause: Pause,

    /// The share of looks at a product that does not exist.
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    pub(crate) deliberate_errors: f64,

    /// The share of rounds that end in an order.
    #[arg(long, value_name = "SHARE", default_value = "0.3", value_parser = share)]
    pub(crate) orders: f64,

    /// The largest quantity of an order.
    #[arg(long, value_name = "PIECES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) largest_order: u32,

    /// Sends orders only.
    #[arg(long, conflicts_with_all = ["orders", "deliberate_errors"])]
    pub(crate) orders_only: bool,

    /// Sets the stock of a product to 1,000 when an order found too little, so that a demonstration
    /// keeps selling.
    #[arg(long)]
    pub(crate) restock: bool,

    /// How long an answer may take. The gateway gives up after ten seconds.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,

    /// Repeats the choices of an earlier run. Without it a run picks a seed and prints it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Writes the report as JSON to this file; "-" is standard output, instead of the table.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<String>,

    /// The largest share of requests that may fail.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_error_rate: Option<f64>,

    /// The largest p99: of each endpoint (10ms), or of one ("POST /api/orders=10ms"). Can be given
    /// more than once.
    #[arg(long, value_name = "LIMIT")]
    max_p99: Vec<LatencyLimit>,

    /// The smallest rate of requests that did not fail, in requests a second.
    #[arg(long, value_name = "REQUESTS", value_parser = rate)]
    min_rate: Option<f64>,
}

/// How long a run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    For(Duration),
    Forever,
}

/// The range of the time between two rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
}

impl Args {
    pub(crate) const fn length(&self) -> Length {
        if self.forever {
            Length::Forever
        } else {
            self.duration
        }
    }

    pub(crate) fn thresholds(&self) -> Thresholds {
        Thresholds {
            max_error_rate: self.max_error_rate,
            max_p99: self.max_p99.clone(),
            min_rate: self.min_rate,
        }
    }

    /// What the run will do, in one line.
    pub(crate) fn summary(&self) -> String {
        let length = match self.length() {
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

    /// Zero means without end: a run of no time would measure nothing.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "forever" {
            return Ok(Self::Forever);
        }
        let duration = humantime::parse_duration(text)?;
        Ok(if duration.is_zero() {
            Self::Forever
        } else {
            Self::For(duration)
        })
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
            Err("the shorter duration comes first".to_owned())
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.001..=1e6).contains(&number) => Ok(number),
        _ => Err("a rate is a number from 0.001 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_original() {
        let args = Args::parse_from(["load-generator"]);
        assert_eq!(args.users, 10);
        assert_eq!(args.length(), Length::For(Duration::from_mins(5)));
        assert_eq!(args.pause, "100ms..2s".parse().unwrap());
        assert_eq!(args.largest_order, 5);
        assert!(!args.restock && args.rate.is_none());
    }

    #[test]
    fn a_run_without_end_can_be_written_in_three_ways() {
        for spelling in [
            &["--forever"][..],
            &["--duration", "forever"],
            &["--duration", "0s"],
        ] {
            let args = Args::parse_from(["load-generator"].iter().chain(spelling));
            assert_eq!(args.length(), Length::Forever, "{spelling:?}");
        }
        assert_eq!(
            "5m".parse(),
            Ok::<_, humantime::DurationError>(Length::For(Duration::from_mins(5)))
        );
    }

    #[test]
    fn a_pause_is_a_duration_or_a_range() {
        let second = Duration::from_secs(1);
        let pause = "1s".parse::<Pause>().unwrap();
        assert_eq!((pause.shortest, pause.longest), (second, second));
        for refused in ["2s..1s", "..", "1s..", "1"] {
            assert!(refused.parse::<Pause>().is_err(), "{refused}");
        }
    }
}
