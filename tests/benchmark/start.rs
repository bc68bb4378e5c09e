//! From the start of a program to its word that it is ready, with a new store and with one that
//! is there.

use std::time::{Duration, Instant};

use harness::{Manager, Process};

use crate::figure::Figure;
use crate::receiver::Receiver;
use crate::rounds::{median, spread};
use crate::shop::SERVICES;
use crate::unit::{Layers, World};

/// Longer than any drain.
const END_BOUND: Duration = Duration::from_secs(20);

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let receiver = Receiver::start().await;
    let layers = Layers::Exported(receiver.endpoint());
    let mut figures = Vec::new();
    for name in SERVICES {
        eprintln!("start: {name}");
        let (mut first, mut again) = (Vec::new(), Vec::new());
        for _ in 0..world.args.rounds {
            let manager = Manager::new();
            first.push(start(&manager, name, &layers));
            again.push(start(&manager, name, &layers));
        }
        for (store, times) in [("new store", first), ("its store", again)] {
            let note = spread(times.iter().copied());
            let figure = Figure::new(format!("{name}, ready, {store}"), median(times), "ms");
            figures.push(figure.at_most(50.0).note(note));
        }
    }
    figures
}

/// Starts and ends the service; the milliseconds until it was ready.
fn start(manager: &Manager, name: &str, layers: &Layers) -> f64 {
    let mut environment = manager.environment();
    environment.extend(layers.environment());
    let program = harness::binary(name);
    let begun = Instant::now();
    let mut process = Process::spawn(&program, name, &[], &environment);
    manager.ready();
    let elapsed = begun.elapsed();
    assert!(process.terminate(END_BOUND).success(), "{name} ends well");
    elapsed.as_secs_f64() * 1000.0
}
