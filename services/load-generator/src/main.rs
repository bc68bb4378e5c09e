//! Traffic for the shop: users who look around and buy, or requests at a fixed rate.
//!
//! `run` is the way through it: `args` says what to do, `closed_loop` and `open_loop` take the steps
//! that a `scenario` chooses, `shop` sends each as a request, `answers` checks what comes back,
//! `record` counts it, and `report` and `verdict` sum it up.

mod answers;
mod args;
mod closed_loop;
mod endpoint;
mod failure;
mod http_client;
mod open_loop;
mod output;
mod progress;
mod record;
mod report;
mod run;
mod scenario;
mod schedule;
mod shop;
mod step;
mod table;
mod thresholds;
mod traffic;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::run::RunError;

/// One thread is enough, and leaves the other cores to the shop.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run::run(args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            // sysexits(3): EX_UNAVAILABLE, EX_CANTCREAT, EX_OSERR.
            ExitCode::from(match error {
                RunError::Target { .. } => 69,
                RunError::Output(_) => 73,
                RunError::Io(_) => 71,
            })
        }
    }
}
