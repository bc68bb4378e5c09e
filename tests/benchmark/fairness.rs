//! Whether a worker of the gateway that is busy keeps its new connections waiting while another idles.
//!
//! The connections of a lively client all lie with one worker: those that were opened between them, and
//! went to the other, are idle. What comes then should go to the worker that has time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::figure::Figure;
use crate::load;
use crate::rounds::{median, spread};
use crate::unit::{Layers, World};
use crate::upstream;

/// Enough to keep a worker busy.
const LIVELY: usize = 8;

/// Longer than the workers' business is measured for.
const SKEWED: Duration = Duration::from_millis(300);

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let upstream = upstream::start().await;
    let environment = [
        ("ORDER_SERVICE_URL", format!("http://{upstream}")),
        ("WORKER_THREADS", "2".to_owned()),
    ];
    let gateway = world.start("gateway-service", &Layers::Logs, &environment);
    let mut shares = Vec::new();
    for round in 0..world.args.rounds {
        eprintln!("fairness: round {} of {}", round + 1, world.args.rounds);
        shares.push(share_of_newcomers(gateway.address, world.args.turn()).await);
    }
    vec![
        Figure::new(
            "requests of a new connection / of one of a busy worker",
            median(shares.clone()),
            "",
        )
        .at_least(1.0)
        .note(spread(shares)),
    ]
}

/// What a connection that comes when one worker is busy gets done, over what one of that worker does.
async fn share_of_newcomers(gateway: SocketAddr, length: Duration) -> f64 {
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
    newcomers / rate(&lively.join_all().await, SKEWED + length)
}

/// Answers a second of a connection.
fn rate(answers: &[u32], length: Duration) -> f64 {
    let connections = u32::try_from(answers.len()).expect("a few");
    f64::from(answers.iter().sum::<u32>()) / f64::from(connections) / length.as_secs_f64()
}
