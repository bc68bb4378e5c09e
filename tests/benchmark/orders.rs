//! Orders a second: each stored three times over, durable on disk, followed by logs, metrics and
//! spans, with the load generator and the receivers on the same machine.

use harness::{Http, Scrape};

use crate::figure::Figure;
use crate::receiver::Receiver;
use crate::rounds::{median, spread};
use crate::shop::Shop;
use crate::unit::{Layers, World};
use crate::{generator, machine};

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let receiver = Receiver::start().await;
    let shop = Shop::start(world, &Layers::Exported(receiver.endpoint())).await;
    let gateway = shop.address("gateway-service");
    let (users, length) = (world.args.users, world.args.turn());
    let warm_up = generator::closed_loop(gateway, users, length).await;
    let (mut rates, mut costs, mut p99s) = (Vec::new(), Vec::new(), Vec::new());
    let mut created = warm_up.created;
    for round in 0..world.args.rounds {
        eprintln!("orders: round {} of {}", round + 1, world.args.rounds);
        let before = shop.processor_time();
        let run = generator::closed_loop(gateway, users, length).await;
        let used = shop.processor_time().saturating_sub(before);
        costs.push(used.as_secs_f64() * 1e6 / run.created);
        created += run.created;
        rates.push(run.rate);
        p99s.push(run.p99);
    }
    let orders = Scrape::of(&Http::new(shop.address("order-service"))).await;
    let counted = orders.sum("shop_orders_total", &[("result", "created")]);
    assert!(
        counted >= created,
        "the shop has {counted} of {created} orders"
    );
    let lost = shop.counted("telemetry_spans_dropped_total").await;
    let lost_events = shop.counted("telemetry_logs_dropped_total").await;
    let note = format!(
        "{}; p99 {:.0} ms with {users} at once; {:.1} spans and {:.2} events dropped an order",
        spread(rates.clone()),
        median(p99s),
        lost / created,
        lost_events / created,
    );
    let cost = median(costs.iter().copied());
    let cores = machine::cores();
    vec![
        Figure::new("orders, durable, all telemetry", median(rates), "/s")
            .at_least(4500.0)
            .note(note),
        Figure::new("  CPU an order, all that runs", cost, "us")
            .at_most(430.0)
            .note(format!(
                "{}; {cores} cores give {:.0} orders a second, were nothing else to run here",
                spread(costs),
                f64::from(cores) * 1e6 / cost
            )),
    ]
}
