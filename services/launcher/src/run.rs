//! One run, from the first look at the ports to the end of the last process.

use std::convert::Infallible;
use std::fs::{self, DirBuilder};
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tokio::net::TcpListener;

use crate::args::Args;
use crate::build::{self, Built};
use crate::console;
use crate::ending::ending;
use crate::failure::Failure;
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::orders::Orders;
use crate::output::print;
use crate::paint::Paint;
use crate::ports;
use crate::receiver;
use crate::scrape::scrape;
use crate::services::{faults_folder, receiver_port};
use crate::supervisor::{Shop, SupervisorError};
use crate::traces::Traces;

/// Runs what the command line asks for, until a signal or the end of a process of the shop.
pub async fn run(args: &Args) -> Result<(), Failure> {
    ports::check(args)?;
    if args.receiver_only {
        return receive(args).await;
    }
    let built = tokio::task::block_in_place(|| build::shop(args))?;
    if args.fresh && args.data_dir.exists() {
        std::fs::remove_dir_all(&args.data_dir)?;
    }
    make_faults_folder(&faults_folder(args))?;
    let (traces, logs) = (Traces::default(), Logs::default());
    let metrics = Metrics::default();
    if args.receives() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, receiver_port(args))).await?;
        let (traces, logs) = (traces.clone(), logs.clone());
        tokio::spawn(receiver::serve(listener, traces, logs, metrics.clone()));
    }
    let mut shop = Shop::new();
    let closed = open(args, &built, &mut shop, traces, &logs, &metrics).await;
    print("closing the shop\n");
    shop.stop().await;
    closed
}

/// Makes the folder for the user alone, and empty: a shop that was closed with a fault on opens
/// without it.
fn make_faults_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Nothing but the receiver of spans.
async fn receive(args: &Args) -> Result<(), Failure> {
    let ending = ending()?;
    let listener = TcpListener::bind((args.receiver_host, receiver_port(args))).await?;
    console::print_receiver(listener.local_addr()?);
    let (traces, logs) = (Traces::default(), Logs::default());
    let serve = receiver::serve(listener, traces, logs, Metrics::default());
    tokio::select! {
        served = serve => Ok(served?),
        () = ending => Ok(()),
    }
}

/// Starts everything, and shows what happens until a signal or the end of a process.
async fn open(
    args: &Args,
    built: &Built,
    shop: &mut Shop,
    traces: Traces,
    logs: &Logs,
    metrics: &Metrics,
) -> Result<(), Failure> {
    let paint = Paint::for_stdout();
    let mut ending = std::pin::pin!(ending()?);
    tokio::select! {
        started = shop.start(args, built, |line| console::show(line, logs, paint)) => started?,
        () = &mut ending => return Ok(()),
    }
    if args.load {
        shop.start_load(args, built)?;
    }
    if let Some(prometheus_url) = args.detects() {
        shop.start_detector(args, built, prometheus_url)?;
    }
    console::print_places(args, paint);
    let orders = Orders::new(traces, args.logs.then(|| logs.clone()), paint);
    tokio::select! {
        died = show_lines(shop, logs, paint) => match died {
            Ok(never) => match never {},
            Err(died) => Err(died.into()),
        },
        never = orders.draw() => never,
        never = scrape(args, metrics), if args.receives() => match never {},
        () = ending => Ok(()),
    }
}

async fn show_lines(
    shop: &mut Shop,
    logs: &Logs,
    paint: Paint,
) -> Result<Infallible, SupervisorError> {
    loop {
        console::show(shop.next().await?, logs, paint);
    }
}
