//! The anomaly detector: it learns from Prometheus what is normal, and tells what is not.

mod config;
mod model;
mod score;
mod timestamp;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use score::ScoreArgs;

/// Learns from Prometheus what is normal, and tells what is not.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Judges the rows of a table: the same rows with expected, lower, upper and score.
    Score(ScoreArgs),
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.command {
        Some(Command::Score(args)) => match score::score(&args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("anomaly-detector: {error}");
                ExitCode::from(65) // EX_DATAERR
            }
        },
        None => ExitCode::FAILURE,
    }
}
