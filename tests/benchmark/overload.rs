//! How much of what a service can do it still does at three times the load: with requests refused that
//! have waited for too long, and with all of them kept waiting.
//!
//! Each request holds the thread for two milliseconds, as one that renders a page would, so that the
//! figure is that of the refusals and not of this machine: the load generator has the processor to itself
//! meanwhile. An answer is good when it is a 200 within a second, for which a person waits.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::figure::Figure;
use crate::rounds::{interleaved, median, ratios, spread};
use crate::unit::{Layers, Unit, World};

/// Requests that the service can answer a second, about: one after the other, at 2 ms each.
const CAPACITY: u32 = 450;

/// So many clients ask at capacity, each twice a second, and three times as many above it.
const CLIENTS: u32 = CAPACITY / 2;
const PERIOD: Duration = Duration::from_millis(500);

/// How long a person waits.
const PATIENCE: Duration = Duration::from_secs(1);

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
    // At its capacity, above it with refusals, and above it without.
    let sides = [
        (start("capacity", &[]), 1),
        (start("refuses", &[]), 3),
        (start("waits", &[("SHED_AFTER_MS", "0")]), 3),
    ];
    let length = world.args.turn();
    let runs = interleaved(
        "overload",
        world.args.rounds,
        &sides,
        async |side: &(Unit, u32)| {
            let (unit, times) = side;
            good_answers(unit.address, times * CLIENTS, length).await
        },
    );
    let runs = runs.await;
    let [refuses, waits] = [1, 2].map(|side: usize| ratios(&runs[side], &runs[0]));
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

/// Good answers a second, of so many clients, once it has settled.
async fn good_answers(address: SocketAddr, clients: u32, length: Duration) -> f64 {
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for client in 0..clients {
        let first = begun + PERIOD * client / clients;
        asking.spawn(client_until(address, first, begun + SETTLED, length));
    }
    let good: u32 = asking.join_all().await.into_iter().sum();
    f64::from(good) / length.as_secs_f64()
}

/// Asks each [`PERIOD`], unless an answer takes longer; how many good answers came from `measured` on.
async fn client_until(
    address: SocketAddr,
    first: Instant,
    measured: Instant,
    length: Duration,
) -> u32 {
    let (mut next, mut good) = (first, 0);
    'connections: loop {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.expect("a connection");
        tokio::spawn(connection);
        loop {
            sleep_until(next).await;
            let begun = Instant::now();
            if begun >= measured + length {
                return good;
            }
            next = begun.max(next + PERIOD);
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
            // Who has waited for too long goes away, and comes again.
            let Ok(Some(status)) = timeout(PATIENCE, exchange).await else {
                continue 'connections;
            };
            if status == StatusCode::OK && begun >= measured {
                good += 1;
            }
        }
    }
}
