//! The latency of an order at a fixed rate: with all telemetry, with none, and with a receiver
//! that takes spans and never answers. And the time of an order when one user is alone.

use harness::{Receiver as BadReceiver, ReceiverMode};

use crate::figure::Figure;
use crate::generator;
use crate::receiver::Receiver;
use crate::rounds::{interleaved, median, ratios, spread};
use crate::shop::Shop;
use crate::unit::{Layers, World};

/// Orders a second.
const RATE: u32 = 500;

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let receiver = Receiver::start().await;
    let hanging = BadReceiver::http(ReceiverMode::Hanging).await;
    let none = Shop::start(world, &Layers::Metrics).await;
    let all = Shop::start(world, &Layers::Exported(receiver.endpoint())).await;
    let stuck = Shop::start(world, &Layers::Exported(hanging.endpoint())).await;
    let sides = [none, all, stuck];
    let length = world.args.turn();
    for shop in &sides {
        generator::open_loop(shop.address("gateway-service"), RATE, length).await;
    }
    let rounds = world.args.rounds;
    let runs = interleaved("latency", rounds, &sides, async |shop: &Shop| {
        generator::open_loop(shop.address("gateway-service"), RATE, length).await
    });
    let runs = runs.await;
    let [none, all, stuck] =
        [0, 1, 2].map(|side: usize| runs[side].iter().map(|run| run.p99).collect::<Vec<_>>());
    let halves: Vec<_> = runs[1].iter().map(|run| run.p50).collect();
    let mut alone = Vec::new();
    for _ in 0..rounds {
        let gateway = sides[1].address("gateway-service");
        alone.push(generator::closed_loop(gateway, 1, length).await.p50);
    }
    let worse = |name: &str, values: &[f64]| {
        let ratio = ratios(values, &none);
        Figure::new(name, median(ratio.clone()), "").note(spread(ratio))
    };
    vec![
        Figure::new(
            "p99 of an order at 500/s, all telemetry",
            median(all.clone()),
            "ms",
        )
        .at_most(3.0)
        .note(spread(all.clone())),
        Figure::new("  p50", median(halves.clone()), "ms")
            .at_most(1.2)
            .note(spread(halves)),
        Figure::new("  p50 with one user alone", median(alone.clone()), "ms")
            .at_most(1.5)
            .note(spread(alone)),
        Figure::new("  without logs and spans", median(none.clone()), "ms"),
        worse("  all telemetry / none", &all),
        worse("  receiver hangs / none", &stuck).at_most(1.1),
    ]
}
