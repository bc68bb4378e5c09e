//! One run, from the first look at the ports to the end of the last process.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::args::Args;
use crate::build::{self, BuildError};
use crate::console;
use crate::ending::ending;
use crate::failure::Failure;
use crate::logs::Logs;
use crate::orders::Orders;
use crate::paint::Paint;
use crate::ports;
use crate::process::Line;
use crate::receiver;
use crate::services::receiver_port;
use crate::supervisor::Shop;
use crate::traces::Traces;

/// How often is looked for orders to draw: often enough for somebody who waits.
const DRAW_INTERVAL: Duration = Duration::from_millis(200);

/// Runs what the command line asks for, until somebody ends it or a part dies.
pub async fn run(args: &Args) -> Result<(), Failure> {
    ports::check(args)?;
    if args.receiver_only {
        return receive(args).await;
    }
    let (binaries, assets) = tokio::task::block_in_place(|| built(args))?;
    if args.fresh && args.data_dir.exists() {
        std::fs::remove_dir_all(&args.data_dir)?;
    }
    let traces = Traces::default();
    if args.receives() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, receiver_port(args))).await?;
        tokio::spawn(receiver::serve(listener, traces.clone()));
    }
    let (mut shop, mut written) = Shop::new();
    let closed = open(args, &binaries, &assets, &mut shop, &mut written, traces).await;
    println!("closing the shop");
    shop.stop(written).await;
    closed
}

/// Nothing but the receiver of spans.
async fn receive(args: &Args) -> Result<(), Failure> {
    let ending = ending()?;
    let listener = TcpListener::bind((args.receiver_host, receiver_port(args))).await?;
    console::print_receiver(listener.local_addr()?);
    tokio::select! {
        served = receiver::serve(listener, Traces::default()) => Ok(served?),
        () = ending => Ok(()),
    }
}

/// Where the services and the page are, built when there is need.
fn built(args: &Args) -> Result<(PathBuf, PathBuf), BuildError> {
    let assets = build::root().join("frontend/dist");
    match &args.bin_dir {
        Some(binaries) => Ok((binaries.clone(), assets)),
        None if args.no_page => Ok((build::services()?, assets)),
        None => {
            let page = build::page()?;
            Ok((build::services()?, page))
        }
    }
}

/// Starts everything, and shows what happens until somebody ends it or a part dies.
async fn open(
    args: &Args,
    binaries: &Path,
    assets: &Path,
    shop: &mut Shop,
    written: &mut mpsc::Receiver<Line>,
    traces: Traces,
) -> Result<(), Failure> {
    let (paint, logs) = (Paint::for_stdout(), Logs::default());
    let mut ending = std::pin::pin!(ending()?);
    tokio::select! {
        started = shop.start(args, binaries, assets, written, |name, line| {
            console::show(name, line, &logs, paint);
        }) => started?,
        () = &mut ending => return Ok(()),
    }
    if args.load {
        shop.start_load(args, binaries)?;
    }
    console::print_places(args, paint);
    let mut orders = Orders::new(traces, args.logs.then(|| logs.clone()), paint);
    let mut draw = tokio::time::interval(DRAW_INTERVAL);
    loop {
        tokio::select! {
            Some(Line { name, line }) = written.recv() => {
                shop.remember(name, &line);
                console::show(name, line, &logs, paint);
            }
            died = shop.died() => return Err(shop.obituary(died, written).into()),
            _ = draw.tick() => orders.draw(),
            () = &mut ending => return Ok(()),
        }
    }
}
