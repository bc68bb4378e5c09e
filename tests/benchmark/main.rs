//! The benchmark: what the shop costs and how fast it is, on this machine, against its goals.
//!
//! Whatever can be is measured as a ratio of two things that run side by side, turn by turn, in
//! one run: a ratio holds on a slow machine, and on one that others use as well. [`gateway`],
//! [`fairness`], [`overload`], [`instances`], [`orders`], [`latency`], [`trust`], [`start`], [`memory`] and [`detector`] are
//! the measurements;
//! [`shop`] and [`generator`] are what they measure with.

mod args;
mod bare_proxy;
mod connection;
mod detector;
mod fairness;
mod figure;
mod gateway;
mod generator;
mod instances;
mod journal;
mod latency;
mod load;
mod machine;
mod memory;
mod orders;
mod overload;
mod receiver;
mod rivals;
mod rounds;
mod server;
mod shop;
mod start;
mod trust;
mod unit;
mod upstream;

use std::process::ExitCode;
use std::rc::Rc;

use clap::Parser;
use tokio::task::{LocalSet, spawn_local};

use args::{Args, Measurement};
use figure::Figure;
use unit::World;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(upstream) = args.bare_proxy {
        return bare_proxy::run(upstream).await;
    }
    if cfg!(debug_assertions) {
        eprintln!("benchmark: this is a debug build, which measures nothing. Add --release.");
        return ExitCode::from(2);
    }
    // Builds the services, where they are missing or stale, before anything is measured.
    harness::binary("gateway-service");
    println!("{}", machine::description());
    let world = Rc::new(World::new(args.clone()));
    println!("{}\n", world.logs());
    let (mut figures, mut all_ran) = (Vec::new(), true);
    for measurement in args.measurements() {
        eprintln!("{measurement}: {}", machine::load());
        // The harness panics when something does not run; the other measurements still may.
        let measuring = measure(measurement, Rc::clone(&world));
        match LocalSet::new()
            .run_until(async { spawn_local(measuring).await })
            .await
        {
            Ok(measured) => figures.extend(measured),
            Err(error) => {
                all_ran = false;
                eprintln!("benchmark: {measurement} could not be measured: {error}");
            }
        }
    }
    println!("{}", figure::table(&figures));
    let missed = figures.iter().any(|figure| figure.met() == Some(false));
    if all_ran && !(args.strict && missed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn measure(measurement: Measurement, world: Rc<World>) -> Vec<Figure> {
    match measurement {
        Measurement::Gateway => gateway::throughput(&world).await,
        Measurement::Layers => gateway::layers(&world).await,
        Measurement::Fairness => fairness::measure(&world).await,
        Measurement::Overload => overload::measure(&world).await,
        Measurement::Instances => instances::measure(&world).await,
        Measurement::Orders => orders::measure(&world).await,
        Measurement::Latency => latency::measure(&world).await,
        Measurement::Trust => trust::measure(&world).await,
        Measurement::Start => start::measure(&world).await,
        Measurement::Memory => memory::measure(&world).await,
        Measurement::Detector => detector::measure().await,
    }
}
