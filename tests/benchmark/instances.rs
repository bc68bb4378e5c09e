//! Three instances of a peer, of which one is a proxy whose program is gone, or late: what a client of the
//! gateway notices of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use harness::Http;

use crate::figure::Figure;
use crate::rounds::{interleaved, median, ratios, spread};
use crate::server;
use crate::unit::{Layers, Unit, World};

/// Look-ups a second: a tenth of what two cores can do, so that what waits waits for the instance.
const RATE: u32 = 500;

/// What makes an instance late.
const LATE: &str =
    r#"{"late": {"delay": {"route": "GET /products/{id}", "share": 1, "milliseconds": 500}}}"#;

/// A gateway and its three instances of the product service.
struct Side {
    gateway: Unit,
    _products: Vec<Unit>,
    _folder: TempDir,
}

/// What the clients had in a turn.
struct Turn {
    /// In milliseconds.
    p99: f64,
    /// What those were answered that failed.
    failed: Vec<String>,
}

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    // What answers for a program that is gone asks for no pause (`services/client/src/attempt.rs`).
    let failing = server::serve(|_| unavailable()).await;
    let sides = [
        start(world, None, None),
        start(world, Some(failing), None),
        start(world, None, Some(LATE)),
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
        let all: Vec<_> = runs[side].iter().flat_map(|turn| &turn.failed).collect();
        #[expect(clippy::cast_precision_loss)] // some thousands at most
        let figure = Figure::new("  look-ups that failed", all.len() as f64, "").at_most(0.0);
        let first = all.first().map(|failure| failure.as_str());
        figure.note(first.unwrap_or_default())
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
        failed(1),
        worse("p99 of a look-up, one of three instances is slow / none", 2),
        failed(2),
    ]
}

fn unavailable() -> Response<Full<Bytes>> {
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}

/// Three instances, the first of which is another program, or has these faults.
fn start(world: &World, instead: Option<SocketAddr>, faults: Option<&str>) -> Side {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faults.json");
    if let Some(faults) = faults {
        std::fs::write(&file, faults).expect("written");
    }
    let products: Vec<_> = (0..3)
        .map(|nth| {
            let state = folder.path().join(format!("product-{nth}"));
            let mut environment = vec![("STATE_DIRECTORY", state.display().to_string())];
            if nth == 0 && faults.is_some() {
                environment.push(("FAULTS_FILE", file.display().to_string()));
            }
            world.start("product-service", &Layers::Logs, &environment)
        })
        .collect();
    let mut addresses: Vec<_> = products.iter().map(|unit| unit.address).collect();
    if let Some(instead) = instead {
        addresses[0] = instead;
    }
    let urls: Vec<_> = addresses
        .iter()
        .map(|address| format!("http://{address}"))
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
            let failure = (answer.status != StatusCode::OK).then(|| format!("{answer:?}"));
            (due.elapsed(), failure)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort();
    Turn {
        p99: answers[answers.len() * 99 / 100].0.as_secs_f64() * 1e3,
        failed: answers
            .into_iter()
            .filter_map(|(_, failure)| failure)
            .collect(),
    }
}
