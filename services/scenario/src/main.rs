//! The operator's switch for faults: starts and stops named scenarios, so that people can practise
//! finding them.
//!
//! A scenario is data (`scenarios/<name>.json`) with a page that teaches how it is found
//! (`scenarios/<name>.md`). Its faults go into the faults files of the services; what systemd or the
//! API does comes on top. Nothing is taken for done before the services say by their metric that it
//! is on.

mod addresses;
mod args;
mod catalogue;
mod commands;
mod evidence;
mod failure;
mod folder;
mod scenario;
mod services;
mod stock;
mod systemd;

use std::process::ExitCode;

use clap::Parser;

use args::Args;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match commands::run(&Args::parse()).await {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}
