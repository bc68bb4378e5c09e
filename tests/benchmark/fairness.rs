//! Whether a worker of the gateway that is busy keeps its new connections waiting while another idles.
//!
//! The connections of a lively client all lie with one worker: those that were opened between them, and
//! went to the other, are idle. What comes then should go to the worker that has time, so that with it both do
//! better than where there is but one.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::figure::Figure;
use crate::load;
use crate::rounds::{interleaved, median, ratios, spread};
use crate::unit::{Layers, World};
use crate::upstream;

/// Enough to keep a worker busy.
const LIVELY: usize = 8;

/// Longer than the workers' business is measured for.
const SKEWED: Duration = Duration::from_millis(300);

/// What connections get done while one worker is busy: those that it has, and those that come then.
struct Shares {
    lively: f64,
    newcomers: f64,
}

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let upstream = upstream::start().await;
    let gateways = ["1", "2"].map(|workers| {
        let environment = [
            ("ORDER_SERVICE_URL", format!("http://{upstream}")),
            ("WORKER_THREADS", workers.to_owned()),
        ];
        world.start("gateway-service", &Layers::Logs, &environment)
    });
    let length = world.args.turn();
    let turns = interleaved("fairness", world.args.rounds, &gateways, async |gateway| {
        skewed_load(gateway.address, length).await
    })
    .await;
    let figure = |name, share: fn(&Shares) -> f64| {
        let [one, two] = [0, 1].map(|nth: usize| turns[nth].iter().map(share).collect::<Vec<_>>());
        let ratio = ratios(&two, &one);
        Figure::new(name, median(ratio.clone()), "")
            .at_least(1.0)
            .note(spread(ratio))
    };
    vec![
        figure("new connections, with an idle worker / without", |turn| {
            turn.newcomers
        }),
        figure(
            "those of the busy worker, with an idle one / without",
            |turn| turn.lively,
        ),
    ]
}

/// Loads one worker, then opens further connections.
async fn skewed_load(gateway: SocketAddr, length: Duration) -> Shares {
    let mut lively = JoinSet::new();
    let mut idle = Vec::new();
    for _ in 0..LIVELY {
        lively.spawn(load::connection(gateway, SKEWED + length));
        // It is accepted behind the lively one, and goes to the other worker.
        tokio::time::sleep(Duration::from_millis(5)).await;
        idle.push(TcpStream::connect(gateway).await.expect("a connection"));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(SKEWED).await;
    let newcomers: JoinSet<_> = (0..LIVELY / 2)
        .map(|_| load::connection(gateway, length))
        .collect();
    let newcomers = rate(&newcomers.join_all().await, length);
    drop(idle);
    let lively = rate(&lively.join_all().await, SKEWED + length);
    Shares { lively, newcomers }
}

/// Answers a second of a connection.
fn rate(answers: &[u32], length: Duration) -> f64 {
    let connections = u32::try_from(answers.len()).expect("a few");
    f64::from(answers.iter().sum::<u32>()) / f64::from(connections) / length.as_secs_f64()
}
