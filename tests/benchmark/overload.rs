//! How much of what a service can do it still does at three times the load: with requests refused that
//! have waited for too long, and with all of them kept waiting.
//!
//! Each request holds the thread for two milliseconds, as one that renders a page would, so that the
//! figure is that of the refusals and not of this machine: the load generator has the processor to itself
//! meanwhile. An answer is good when it is a 200 within two seconds, as long as the services wait for each
//! other. Who has waited for longer goes away and comes again on another connection.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection;
use crate::figure::Figure;
use crate::rounds::{interleaved, median, spread};
use crate::unit::{Layers, Unit, World};

/// Enough that the service is never without work, few enough that none waits for long.
const AT_CAPACITY: u32 = 16;

/// How often a client asks that finds the service overloaded.
const PERIOD: Duration = Duration::from_secs(1);

/// How long it waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long an overload lasts before it is measured: the service waits for a second before it refuses
/// lists, and another before it refuses more.
const SETTLED: Duration = Duration::from_secs(3);

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faults.json");
    let block = json!({ "route": "GET /products", "milliseconds": 2 });
    let faults = json!({ "busy": { "block": block } });
    std::fs::write(&file, faults.to_string()).expect("written");
    let start = |name: &str, further: &[(&'static str, &str)]| {
        let state = folder.path().join(name);
        let further = further
            .iter()
            .map(|&(name, value)| (name, value.to_owned()));
        let environment: Vec<_> = [
            ("STATE_DIRECTORY", state.display().to_string()),
            ("FAULTS_FILE", file.display().to_string()),
        ]
        .into_iter()
        .chain(further)
        .collect();
        world.start("product-service", &Layers::Logs, &environment)
    };
    let sides = [
        start("refuses", &[]),
        start("waits", &[("SHED_AFTER_MS", "0")]),
    ];
    let length = world.args.turn();
    let runs = interleaved(
        "overload",
        world.args.rounds,
        &sides,
        async |unit: &Unit| {
            let capacity = good_answers(unit.address, AT_CAPACITY, Duration::ZERO, length).await;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // some hundreds
            let clients = (3.0 * capacity * PERIOD.as_secs_f64()) as u32;
            good_answers(unit.address, clients, PERIOD, length).await / capacity
        },
    );
    let runs = runs.await;
    let [refuses, waits] = [0, 1].map(|side: usize| runs[side].clone());
    vec![
        Figure::new(
            "good answers at three times the load / at capacity",
            median(refuses.clone()),
            "",
        )
        .at_least(0.9)
        .note(spread(refuses)),
        Figure::new("  nothing refused", median(waits.clone()), "").note(spread(waits)),
    ]
}

/// Good answers a second, of so many clients that each ask once in a period, once it has settled.
async fn good_answers(
    address: SocketAddr,
    clients: u32,
    period: Duration,
    length: Duration,
) -> f64 {
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for client in 0..clients {
        let first = begun + period * client / clients;
        let measured = begun + SETTLED;
        asking.spawn(client_until(address, first, period, measured, length));
    }
    let good: u32 = asking.join_all().await.into_iter().sum();
    f64::from(good) / length.as_secs_f64()
}

/// Asks once in each period, unless an answer takes longer; how many good answers came from `measured` on.
async fn client_until(
    address: SocketAddr,
    first: Instant,
    period: Duration,
    measured: Instant,
    length: Duration,
) -> u32 {
    let (mut next, mut good) = (first, 0);
    'connections: loop {
        let mut sender = connection::open(address).await;
        loop {
            sleep_until(next).await;
            let begun = Instant::now();
            if begun >= measured + length {
                return good;
            }
            next = begun.max(next + period);
            let request = Request::get("/products")
                .header(header::HOST, "shop")
                .body(Empty::<Bytes>::new())
                .expect("a request");
            let exchange = async {
                let answer = sender.send_request(request).await.ok()?;
                let status = answer.status();
                answer.into_body().collect().await.ok()?;
                Some(status)
            };
            let Ok(Some(status)) = timeout(PATIENCE, exchange).await else {
                continue 'connections;
            };
            if status == StatusCode::OK && begun >= measured {
                good += 1;
            }
        }
    }
}
