//! Three instances of a peer, of which one answers nothing but errors, or late: what a client of the gateway
//! notices of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use harness::Http;

use crate::figure::Figure;
use crate::rounds::{interleaved, median, ratios, spread};
use crate::unit::{Layers, Unit, World};

/// Look-ups a second: a tenth of what two cores can do, so that what waits waits for the instance.
const RATE: u32 = 500;

/// A gateway and its three instances of the product service.
struct Side {
    gateway: Unit,
    _products: Vec<Unit>,
    _folder: TempDir,
}

/// What the clients had in a turn.
#[derive(Clone, Copy)]
struct Turn {
    /// In milliseconds.
    p99: f64,
    failed: u32,
}

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let route = "GET /products/{id}";
    let sides = [
        start(world, None),
        start(
            world,
            Some(json!({ "fail": { "route": route, "share": 1, "status": 503 } })),
        ),
        start(
            world,
            Some(json!({ "delay": { "route": route, "share": 1, "milliseconds": 500 } })),
        ),
    ];
    let length = world.args.turn();
    for side in &sides {
        look_ups(side.gateway.address, length).await;
    }
    let runs = interleaved(
        "instances",
        world.args.rounds,
        &sides,
        async |side: &Side| look_ups(side.gateway.address, length).await,
    );
    let runs = runs.await;
    let p99 = |side: usize| runs[side].iter().map(|turn| turn.p99).collect::<Vec<_>>();
    let failed = |side: usize| {
        runs[side]
            .iter()
            .map(|turn| f64::from(turn.failed))
            .sum::<f64>()
    };
    let worse = |name: &str, side| {
        let ratio = ratios(&p99(side), &p99(0));
        let note = format!(
            "{}; {:.2} ms when all are well",
            spread(ratio.clone()),
            median(p99(0))
        );
        Figure::new(name, median(ratio), "").at_most(2.0).note(note)
    };
    vec![
        worse("p99 of a look-up, one of three instances fails / none", 1),
        Figure::new("  look-ups that failed", failed(1), "").at_most(0.0),
        worse("p99 of a look-up, one of three instances is slow / none", 2),
        Figure::new("  look-ups that failed", failed(2), "").at_most(0.0),
    ]
}

/// Three instances, the first of which has this fault.
fn start(world: &World, fault: Option<Value>) -> Side {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faults.json");
    if let Some(fault) = &fault {
        std::fs::write(&file, json!({ "broken": fault }).to_string()).expect("written");
    }
    let products: Vec<_> = (0..3)
        .map(|nth| {
            let state = folder.path().join(format!("product-{nth}"));
            let mut environment = vec![("STATE_DIRECTORY", state.display().to_string())];
            if nth == 0 && fault.is_some() {
                environment.push(("FAULTS_FILE", file.display().to_string()));
            }
            world.start("product-service", &Layers::Logs, &environment)
        })
        .collect();
    let urls: Vec<_> = products
        .iter()
        .map(|unit| format!("http://{}", unit.address))
        .collect();
    let peers = [("PRODUCT_SERVICE_URL", urls.join(","))];
    Side {
        gateway: world.start("gateway-service", &Layers::Logs, &peers),
        _products: products,
        _folder: folder,
    }
}

/// Look-ups at a fixed rate; each counts from the moment at which it is due.
async fn look_ups(gateway: SocketAddr, length: Duration) -> Turn {
    let http = Http::new(gateway);
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for due in (0..).map(|nth| begun + Duration::from_secs(nth) / RATE) {
        if due >= begun + length {
            break;
        }
        sleep_until(due.into()).await;
        let http = http.clone();
        asking.spawn(async move {
            let answer = http.get("/api/products/product1").await;
            (due.elapsed(), answer.status == StatusCode::OK)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort();
    Turn {
        p99: answers[answers.len() * 99 / 100].0.as_secs_f64() * 1e3,
        failed: answers.iter().filter(|(_, good)| !good).map(|_| 1).sum(),
    }
}
