//! Traffic for the shop: people who look around and buy, or requests at a fixed rate.

mod args;
mod closed_loop;
mod open_loop;
mod progress;
mod record;
mod report;
mod scenario;
mod shop;
mod thresholds;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use args::{Args, Length};
use progress::Progress;
use record::Record;
use report::Report;
use shop::{Shop, ShopError};

/// How long the target may take to come up: a whole shop that starts beside us.
const TARGET_BOUND: Duration = Duration::from_secs(10);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}\n  Start the shop with `cargo run`, or name another --target.")]
    Target(#[from] ShopError),
    #[error("the report cannot be written to {path}: {error}")]
    Report { path: String, error: std::io::Error },
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Arc::new(Args::parse());
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("error: {failure}");
            // sysexits(3): EX_UNAVAILABLE, EX_CANTCREAT, EX_OSERR.
            ExitCode::from(match failure {
                Failure::Target(_) => 69,
                Failure::Report { .. } => 73,
                Failure::Io(_) => 71,
            })
        }
    }
}

/// Whether all thresholds were met.
async fn run(args: &Arc<Args>) -> Result<bool, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let shop = Arc::new(Shop::new(args.target.clone(), args.timeout));
    let products = shop.wait_for_products(TARGET_BOUND).await?;
    let seed = args.seed.unwrap_or_else(rand::random);
    let record = Arc::new(Record::default());
    eprintln!("{} with seed {seed}", args.summary());
    let _ = sd_notify::notify(&[NotifyState::Ready]);

    let begun = Instant::now();
    let progress = Progress::start(Arc::clone(&record), args.duration);
    let traffic = async {
        if let Some(rate) = args.rate {
            open_loop::run(args, &shop, &record, products, seed, rate).await;
        } else {
            closed_loop::run(args, &shop, &record, seed).await;
        }
    };
    let length = async {
        match args.duration {
            // Open loop ends by itself, when the last answer has come.
            Length::For(_) if args.rate.is_some() => std::future::pending().await,
            Length::For(duration) => tokio::time::sleep(duration).await,
            Length::Forever => std::future::pending().await,
        }
    };
    tokio::select! {
        () = traffic => {}
        () = length => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    progress.stop();

    let report = Report::new(args, seed, begun.elapsed(), &record);
    let missed = thresholds::missed(&args.thresholds(), &report);
    write(args.report.as_deref(), &report)?;
    for miss in &missed {
        eprintln!("threshold missed: {miss}");
    }
    Ok(missed.is_empty())
}

/// The table for a person; the JSON for a program, when it is asked for.
fn write(path: Option<&str>, report: &Report) -> Result<(), Failure> {
    let json = || serde_json::to_string_pretty(report).unwrap_or_default() + "\n";
    let failed = |path: &str| {
        let path = path.to_owned();
        |error| Failure::Report { path, error }
    };
    match path {
        // Standard output is the program's then.
        Some("-") => std::io::stdout()
            .write_all(json().as_bytes())
            .map_err(failed("-")),
        Some(path) => {
            print!("{}", report.table());
            std::fs::write(path, json()).map_err(failed(path))
        }
        None => {
            print!("{}", report.table());
            Ok(())
        }
    }
}
