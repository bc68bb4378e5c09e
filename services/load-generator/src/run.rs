//! A run, from the check of the target to the report.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::args::{Args, Length};
use crate::http_client::HttpClient;
use crate::output::{Output, OutputError};
use crate::progress::Progress;
use crate::report::Report;
use crate::shop::{Shop, ShopError};
use crate::traffic::Traffic;
use crate::{closed_loop, open_loop, verdict};

/// How long answers are awaited after a signal: a person waits for the report.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("{target}: {error}\n  Start the shop with `cargo run`, or give another --target.")]
    Target { target: String, error: ShopError },
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("signals cannot be awaited: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs, and returns whether all thresholds are met.
pub(crate) async fn run(args: Args) -> Result<bool, RunError> {
    let output = Output::open(args.report.as_deref())?;
    let shop = Shop::new(HttpClient::new(args.target.clone(), args.timeout));
    let products = shop.open().await.map_err(|error| RunError::Target {
        target: args.target.to_string(),
        error,
    })?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut signalled = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let seed = args.seed.unwrap_or_else(rand::random);
    let summary = format!("{} with seed {seed}", args.summary());
    eprintln!("{summary}");
    let _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(&summary)]);
    let traffic = Arc::new(Traffic::new(args, seed, shop));

    let begun = Instant::now();
    let progress = Progress::start(Arc::clone(&traffic));
    let requests = async {
        if let Some(rate) = traffic.args.rate {
            open_loop::run(&traffic, products, rate).await;
        } else {
            closed_loop::run(&traffic).await;
        }
    };
    tokio::pin!(requests);
    let interrupted = tokio::select! {
        () = &mut requests => None,
        () = passed(traffic.args.length()) => Some(false),
        () = signalled() => Some(true),
    };
    traffic.over.send_replace(true);
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    // The requests in flight are part of the run: without them the slowest would be missing. Each
    // ends within --timeout, or is reported as abandoned.
    let interrupted = match interrupted {
        None => false,
        Some(interrupted) => tokio::select! {
            () = &mut requests => interrupted,
            () = tokio::time::sleep(PATIENCE), if interrupted => true,
            () = signalled() => true,
        },
    };
    progress.stop();

    let mut report = Report::new(&traffic, begun.elapsed(), interrupted);
    report.missed_thresholds = verdict::missed(&traffic.args.thresholds(), &report);
    output.write(&report)?;
    for miss in &report.missed_thresholds {
        eprintln!("threshold missed: {miss}");
    }
    Ok(report.missed_thresholds.is_empty())
}

async fn passed(length: Length) {
    match length {
        Length::For(duration) => tokio::time::sleep(duration).await,
        Length::Forever => std::future::pending().await,
    }
}
