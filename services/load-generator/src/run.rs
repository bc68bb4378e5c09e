//! A run, from the first look at the target to the report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Args, Length};
use crate::http_client::HttpClient;
use crate::output::{Output, OutputError};
use crate::progress::Progress;
use crate::report::Report;
use crate::shop::{Shop, ShopError};
use crate::traffic::Traffic;
use crate::{closed_loop, open_loop, thresholds};

/// How long a signal waits for answers: a person waits for the report.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{target}: {error}\n  Start the shop with `cargo run`, or name another --target.")]
    Target { target: String, error: ShopError },
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("signals cannot be awaited: {0}")]
    Io(#[from] std::io::Error),
}

/// Whether all thresholds were met.
pub(crate) async fn run(args: Args) -> Result<bool, Failure> {
    let output = Output::open(args.report.as_deref())?;
    let shop = Shop::new(HttpClient::new(args.target.clone(), args.timeout));
    let products = shop.open().await.map_err(|error| Failure::Target {
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
    // Those under way are part of the run: to leave them out would hide the slowest. Each ends
    // within --timeout, or is told as abandoned.
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
    report.missed_thresholds = thresholds::missed(&traffic.args.thresholds(), &report);
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
