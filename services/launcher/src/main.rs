//! `cargo run`: the whole shop with one command.

use std::process::ExitCode;

use clap::Parser;
use launcher::args::Args;
use launcher::run::run;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
