//! `cargo run`: the whole shop with one command.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use launcher::args::Args;
use launcher::build::{self, BuildError};
use launcher::console::{self, Orders, Paint};
use launcher::logs::Logs;
use launcher::ports;
use launcher::receiver;
use launcher::services::receiver_port;
use launcher::supervisor::{Event, Shop, SupervisorError};
use launcher::traces::Traces;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How often is looked for orders to draw: often enough for somebody who waits.
const DRAW_INTERVAL: Duration = Duration::from_millis(200);

/// Why the shop did not open, or closed by itself.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Port(#[from] ports::PortError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            // sysexits(3): EX_UNAVAILABLE, EX_SOFTWARE; 1 when a part died.
            ExitCode::from(match failure {
                Failure::Port(_) => 69,
                Failure::Build(_) => 70,
                Failure::Supervisor(_) | Failure::Io(_) => 1,
            })
        }
    }
}

async fn run(args: Args) -> Result<(), Failure> {
    ports::check(&args)?;
    let (binaries, assets) = tokio::task::block_in_place(|| built(&args))?;
    if args.fresh && args.data_dir.exists() {
        std::fs::remove_dir_all(&args.data_dir)?;
    }
    let traces = Traces::default();
    if args.other_receiver().is_none() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, receiver_port(&args))).await?;
        tokio::spawn(receiver::serve(listener, traces.clone()));
    }
    let (mut shop, mut events) = Shop::new();
    let closed = open(&args, &binaries, &assets, &mut shop, &mut events, traces).await;
    println!("closing the shop");
    shop.stop(events).await;
    closed
}

/// Where the services and the page are, built when there is need.
fn built(args: &Args) -> Result<(PathBuf, PathBuf), BuildError> {
    let assets = build::root().join("frontend/dist");
    match &args.bin_dir {
        Some(binaries) => Ok((binaries.clone(), assets)),
        None if args.no_page => Ok((build::services(args.load)?, assets)),
        None => {
            let page = build::page()?;
            Ok((build::services(args.load)?, page))
        }
    }
}

/// Starts everything, and shows what happens until a signal or the death of a part.
async fn open(
    args: &Args,
    binaries: &Path,
    assets: &Path,
    shop: &mut Shop,
    events: &mut tokio::sync::mpsc::Receiver<Event>,
    traces: Traces,
) -> Result<(), Failure> {
    let (paint, logs) = (Paint::for_stdout(), Logs::default());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    shop.start(args, binaries, assets, events, |name, line| {
        show(name, line, &logs, paint);
    })
    .await?;
    if args.load {
        shop.start_load(args, binaries)?;
    }
    console::print_places(args, paint);
    let mut orders = Orders::new(traces, args.logs.then(|| logs.clone()), paint);
    let mut draw = tokio::time::interval(DRAW_INTERVAL);
    loop {
        tokio::select! {
            Some(Event::Line { name, line }) = events.recv() => {
                shop.remember(name, &line);
                show(name, line, &logs, paint);
            }
            died = shop.died() => return Err(shop.obituary(died, events).into()),
            _ = draw.tick() => orders.draw(),
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// Keeps a line, and shows it when somebody should know.
fn show(name: &str, line: Value, logs: &Logs, paint: Paint) {
    match (line.as_str(), line["level"].as_str()) {
        (Some(text), _) => println!("{name}: {text}"),
        (None, Some("WARN" | "ERROR")) => println!("{}", console::log_line(&line, paint)),
        _ => {}
    }
    logs.keep(line);
}
