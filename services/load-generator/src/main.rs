//! Traffic for the shop: people who look around and buy, or requests at a fixed rate.
//!
//! `scenario` is what people do, `closed_loop` and `open_loop` are the two ways to ask for it,
//! `answers` is what the shop has to say, and `record` what became of it.

mod answers;
mod args;
mod closed_loop;
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
mod table;
mod thresholds;
mod traffic;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::run::Failure;

/// One thread: it has little to do for each request, and leaves the other cores to the shop.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run::run(args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("error: {failure}");
            // sysexits(3): EX_UNAVAILABLE, EX_CANTCREAT, EX_OSERR.
            ExitCode::from(match failure {
                Failure::Target { .. } => 69,
                Failure::Output(_) => 73,
                Failure::Io(_) => 71,
            })
        }
    }
}
