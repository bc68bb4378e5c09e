//! The anomaly detector: it learns from Prometheus what is normal, and tells what is not.
//!
//! [`model`] is what it knows of one series, [`watch`] decides when that is unusual, [`detector`]
//! holds all of them, [`poll`] feeds it, [`announce`] and [`metrics`] tell. [`score`] judges a table
//! with the same model.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts and whole seconds are far below 2^52, what is cast to an index is bounded before"
)]

mod announce;
mod back_end;
mod config;
mod detector;
mod events;
mod labels;
mod metrics;
mod model;
mod poll;
mod score;
mod silences;
mod state;
#[cfg(test)]
mod synthetic_week;
mod timestamp;
mod watch;
#[cfg(test)]
mod young_series;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use api::PeerUrl;
use axum::Router;
use clap::{Parser, Subcommand};
use client::Peer;
use server::{App, BuildError, ServerArgs, StateArgs};
use telemetry::{Service, TelemetryArgs};

use announce::Announcer;
use metrics::Own;
use poll::{Poller, Rhythm};
use score::ScoreArgs;

const SERVICE: Service = Service {
    name: "anomaly-detector",
    version: env!("CARGO_PKG_VERSION"),
};

/// Learns from Prometheus what is normal, and tells what is not.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where metrics are read: Prometheus' address.
    #[arg(
        long,
        env = "PROMETHEUS_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:9090"
    )]
    prometheus_url: PeerUrl,
    /// Where silences are read: Alertmanager's address, such as http://127.0.0.1:9093. Without it
    /// every anomaly is told.
    #[arg(long, env = "ALERTMANAGER_URL", value_name = "URL")]
    alertmanager_url: Option<PeerUrl>,
    /// The queries whose series are learned; without it those of the shop.
    #[arg(long, env = "QUERIES_FILE", value_name = "FILE")]
    queries_file: Option<PathBuf>,
    /// Seconds from one round of queries to the next, and from one point to the next.
    #[arg(long, env = "QUERY_INTERVAL", value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    query_interval: u64,
    /// Hours of the past that are learned when a query is new.
    #[arg(long, env = "HISTORY_HOURS", value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(..=720))]
    history_hours: u64,
    #[command(flatten)]
    server: ServerArgs<8084>,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Judges the rows of a table: the same rows with expected, lower, upper and score.
    Score(ScoreArgs),
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(Command::Score(args)) = &args.command {
        return match score::score(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", SERVICE.name);
                ExitCode::from(65) // EX_DATAERR
            }
        };
    }
    server::run(
        SERVICE,
        &args.server,
        &args.telemetry,
        async |telemetry, _| {
            let queries =
                config::read_queries(args.queries_file.as_deref()).map_err(BuildError::settings)?;
            let (state, detector) =
                poll::resume(&args.state.state_directory, queries).map_err(|error| {
                    let folder = args.state.state_directory.display();
                    BuildError::store(format!("the store {folder} cannot be opened: {error}"))
                })?;
            let poller = Poller {
                own: Own::new(&telemetry.metrics, &detector).map_err(BuildError::settings)?,
                detector,
                prometheus: Peer::new("prometheus", args.prometheus_url, telemetry),
                alertmanager: args
                    .alertmanager_url
                    .map(|url| Peer::new("alertmanager", url, telemetry)),
                rhythm: Rhythm {
                    step: Duration::from_secs(args.query_interval),
                    history: Duration::from_hours(args.history_hours),
                },
                state,
                failing: BTreeSet::new(),
                announcer: Announcer {
                    tracer: telemetry
                        .traces
                        .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
                },
            };
            Ok(App::new(Router::new()).with_background(poller.run()))
        },
    )
}
