//! The gateway beside the same proxy on bare hyper, before the same upstream, under the same
//! load: what it hands on, and what a request costs it, one layer of telemetry after another.

use std::net::SocketAddr;
use std::time::Duration;

use harness::process::processor_time;
use harness::{Http, Process, Scrape, eventually};

use crate::figure::{Figure, short};
use crate::receiver::Receiver;
use crate::rivals::{self, Rival};
use crate::rounds::{interleaved, median, ratios, spread};
use crate::unit::{Layers, Unit, World};
use crate::{load, upstream};

/// Until connections stand, metrics have their series and the allocator its pages.
const WARM_UP: Duration = Duration::from_secs(1);

/// A proxy that takes turns with others.
struct Side {
    name: &'static str,
    proxy: Proxy,
}

enum Proxy {
    Bare(Process, SocketAddr),
    Gateway(Box<Unit>),
    Rival(Box<Rival>),
}

/// What a side did in its turn.
#[derive(Clone, Copy)]
struct Turn {
    requests: f64,
    rate: f64,
    /// User and system time of the proxy for each request, in microseconds.
    cost: f64,
    /// The same with this program, which is all that surrounds the proxy.
    whole_cost: f64,
}

/// The gateway with everything against the bare proxy.
pub(crate) async fn throughput(world: &World) -> Vec<Figure> {
    let (upstream, receiver) = (upstream::start().await, Receiver::start().await);
    let everything = Layers::Exported(receiver.endpoint());
    let mut sides = vec![
        bare(upstream).await,
        gateway(world, upstream, "gateway", &everything),
    ];
    for rival in rivals::start(upstream).await {
        let name = rival.name;
        let proxy = Proxy::Rival(Box::new(rival));
        sides.push(Side { name, proxy });
    }
    let turns = take_turns("gateway", world, &sides).await;
    let [bare, gateway] = [0, 1].map(|side| column(&turns[side], |turn| turn.rate));
    let ratio = ratios(&gateway, &bare);
    let requests: f64 = turns[1].iter().map(|turn| turn.requests).sum();
    let lost = lost_spans(&sides[1]).await / (2.0 * requests);
    let cost = ratios(
        &column(&turns[1], |turn| turn.cost),
        &column(&turns[0], |turn| turn.cost),
    );
    let whole_cost = |side: usize| column(&turns[side], |turn| turn.whole_cost);
    let by_cost = ratios(&whole_cost(0), &whole_cost(1));
    assert!(receiver.bytes() > 0, "spans are exported");
    let mut figures = vec![
        Figure::new(
            "gateway / bare proxy, throughput",
            median(ratio.clone()),
            "",
        )
        .at_least(0.8)
        .note(format!(
            "{}; {:.2} % of the spans dropped",
            spread(ratio),
            100.0 * lost
        )),
        Figure::new("  the same, from CPU time", median(by_cost.clone()), "").note(format!(
            "{}; what it would be if nothing else ran here",
            spread(by_cost)
        )),
        Figure::new("  bare proxy", median(bare), "req/s"),
        Figure::new("  gateway, all telemetry", median(gateway), "req/s"),
        Figure::new(
            "gateway / bare proxy, CPU a request",
            median(cost.clone()),
            "",
        )
        .at_most(1.4)
        .note(spread(cost)),
    ];
    for (side, turns_of_it) in sides.iter().zip(&turns) {
        if let Proxy::Rival(rival) = &side.proxy {
            figures.push(beside(rival, &turns[1], turns_of_it));
        }
    }
    figures
}

/// The gateway beside a rival.
fn beside(rival: &Rival, gateway: &[Turn], turns: &[Turn]) -> Figure {
    if let Some(receiver) = &rival.receiver {
        assert!(receiver.bytes() > 0, "{} exports spans", rival.name);
    }
    let rate = |turns: &[Turn]| column(turns, |turn| turn.rate);
    let ratio = ratios(&rate(gateway), &rate(turns));
    let cost = median(column(turns, |turn| turn.cost));
    let note = format!(
        "{}; {} req/s, {} us of CPU a request",
        spread(ratio.clone()),
        short(median(rate(turns))),
        short(cost)
    );
    let name = format!("gateway / {}, throughput", rival.name);
    let figure = Figure::new(name, median(ratio), "").note(note);
    match rival.goal {
        Some(goal) => figure.at_least(goal),
        None => figure,
    }
}

/// What each layer adds to the CPU that a request costs.
pub(crate) async fn layers(world: &World) -> Vec<Figure> {
    let (upstream, receiver) = (upstream::start().await, Receiver::start().await);
    let exported = Layers::Exported(receiver.endpoint());
    let sides = [
        bare(upstream).await,
        gateway(world, upstream, "gateway with metrics", &Layers::Metrics),
        gateway(world, upstream, "  + logs", &Layers::Logs),
        gateway(world, upstream, "  + spans", &Layers::Spans),
        gateway(world, upstream, "  + their export", &exported),
    ];
    let turns = take_turns("layers", world, &sides).await;
    let costs: Vec<_> = turns
        .iter()
        .map(|turns| column(turns, |turn| turn.cost))
        .collect();
    let figures = sides
        .iter()
        .zip(&costs)
        .enumerate()
        .map(|(nth, (side, cost))| {
            let name = format!("CPU a request, {}", side.name);
            let figure = Figure::new(name, median(cost.clone()), "us");
            let Some(before) = nth.checked_sub(1) else {
                return figure;
            };
            let added = cost
                .iter()
                .zip(&costs[before])
                .map(|(cost, before)| cost - before);
            let times = median(ratios(cost, &costs[0]));
            figure.note(format!(
                "{} us more; {} times the bare proxy",
                short(median(added)),
                short(times)
            ))
        });
    figures.collect()
}

async fn take_turns(name: &str, world: &World, sides: &[Side]) -> Vec<Vec<Turn>> {
    for side in sides {
        load::closed_loop(side.address(), WARM_UP).await;
    }
    let length = world.args.turn();
    interleaved(name, world.args.rounds, sides, async |side: &Side| {
        let times = || [side.process().processor_time(), processor_time("self")];
        let before = times();
        let requests = f64::from(load::closed_loop(side.address(), length).await);
        let after = times();
        let used = |nth: usize| after[nth].saturating_sub(before[nth]).as_secs_f64();
        Turn {
            requests,
            rate: requests / length.as_secs_f64(),
            cost: used(0) * 1e6 / requests,
            whole_cost: (used(0) + used(1)) * 1e6 / requests,
        }
    })
    .await
}

async fn bare(upstream: SocketAddr) -> Side {
    let program = std::env::current_exe().expect("this program");
    let arguments = ["--bare-proxy".into(), upstream.to_string().into()];
    // Not JSON: the one line that it writes is its address.
    let environment = [("LOG_FORMAT", "text".into())];
    let process = Process::spawn(&program, "bare proxy", &arguments, &environment);
    let address = eventually("the bare proxy listens", async || {
        let lines = process.lines();
        let address = lines.first().and_then(|line| line.parse().ok());
        address.ok_or(lines)
    });
    let address = address.await;
    let proxy = Proxy::Bare(process, address);
    Side {
        name: "bare proxy",
        proxy,
    }
}

fn gateway(world: &World, upstream: SocketAddr, name: &'static str, layers: &Layers) -> Side {
    let peer = [("ORDER_SERVICE_URL", format!("http://{upstream}"))];
    let proxy = Proxy::Gateway(Box::new(world.start("gateway-service", layers, &peer)));
    Side { name, proxy }
}

impl Side {
    fn process(&self) -> &Process {
        match &self.proxy {
            Proxy::Bare(process, _) => process,
            Proxy::Gateway(unit) => &unit.process,
            Proxy::Rival(rival) => &rival.process,
        }
    }

    fn address(&self) -> SocketAddr {
        match &self.proxy {
            Proxy::Bare(_, address) => *address,
            Proxy::Gateway(unit) => unit.address,
            Proxy::Rival(rival) => rival.address,
        }
    }
}

async fn lost_spans(side: &Side) -> f64 {
    let scrape = Scrape::of(&Http::new(side.address())).await;
    scrape.sum("telemetry_spans_dropped_total", &[])
}

fn column(turns: &[Turn], value: impl Fn(&Turn) -> f64) -> Vec<f64> {
    turns.iter().map(value).collect()
}
