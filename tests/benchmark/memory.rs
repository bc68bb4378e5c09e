//! Resident memory of each service: idle after its start, and at its peak under load that comes
//! through the frontend server, so that all five are busy.

use std::time::Duration;

use crate::figure::Figure;
use crate::generator;
use crate::receiver::Receiver;
use crate::shop::{SERVICES, Shop};
use crate::unit::{Layers, World};

/// Until what was needed for the start alone has been given back.
const SETTLE: Duration = Duration::from_secs(2);

const MEBIBYTE: u64 = 1024 * 1024;

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let receiver = Receiver::start().await;
    let shop = Shop::start(world, &Layers::Exported(receiver.endpoint())).await;
    tokio::time::sleep(SETTLE).await;
    let mut figures: Vec<_> = SERVICES
        .into_iter()
        .map(|name| figure(name, "idle", shop.unit(name).process.resident_bytes(), 12.0))
        .collect();
    let users = world.args.users;
    let length = world.args.turn() * world.args.rounds;
    eprintln!("memory: {length:?} of load");
    let run = generator::closed_loop(shop.address("frontend"), users, length).await;
    figures.extend(SERVICES.into_iter().map(|name| {
        let peak = shop.unit(name).process.peak_resident_bytes();
        let note = format!(
            "peak over {:.0} orders of {users} users, {:.0} a second",
            run.created, run.rate
        );
        figure(name, "under load", peak, 25.0).note(note)
    }));
    figures
}

fn figure(service: &str, when: &str, bytes: u64, goal: f64) -> Figure {
    #[allow(clippy::cast_precision_loss)] // some millions
    let mebibytes = bytes as f64 / MEBIBYTE as f64;
    Figure::new(format!("{service}, resident, {when}"), mebibytes, "MiB").at_most(goal)
}
