//! Fuzzing of all that parses bytes from outside, over the sockets of a running shop.
//!
//! Why not libFuzzer: it steers by the coverage of the code inside its own process and needs a
//! nightly compiler. What would be wrong here (a 500, a hang, a dead task, a lost connection, a
//! second answer) shows only in the running program with its sockets and its neighbours. So
//! sound requests are mutated by a fixed seed, on the stable compiler, and each answer is held
//! against what must always hold. A failure prints the seed, the round, and the bytes.
//!
//! `FUZZ_ITERATIONS=1000000 FUZZ_SEED=7 cargo test -p shop-tests --test shop fuzz` runs for longer and
//! elsewhere.

mod mutate;
mod seeds;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use harness::unharmed::{assert_holds_no_secret, assert_unharmed};
use harness::{Raw, Shop, ShopOptions, serve};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use mutate::mutate;
use seeds::{BODIES, HEADERS, REQUESTS, SPANS, TARGETS, one, request};

/// Rounds of a normal run: some seconds of each target.
const ITERATIONS: u64 = 2_000;

/// Nothing that these requests ask for takes this long, since what is sent ends with the sending.
const HANG: Duration = Duration::from_secs(5);

/// How long to listen for the answer to a request that may lack its end.
const QUIET: Duration = Duration::from_millis(20);

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}"))
    })
}

/// Fuzzes one door of a shop with the requests that `make` makes of a generator's numbers.
async fn fuzz(name: &str, door: &str, make: impl Fn(&mut StdRng) -> Vec<u8>) {
    let seed = setting("FUZZ_SEED", 1);
    let iterations = setting("FUZZ_ITERATIONS", ITERATIONS);
    println!("{name}: seed {seed}, {iterations} iterations");
    let shop = Shop::with(ShopOptions {
        otlp: Some(sink().await),
        ..ShopOptions::default()
    });
    let address = shop.http(door).address();
    let mut random = StdRng::seed_from_u64(seed);
    let mut statuses = BTreeMap::<String, u64>::new();
    for round in 0..iterations {
        let request = make(&mut random);
        let shown = || {
            let bytes = request.escape_ascii();
            format!("{name}, FUZZ_SEED={seed}, round {round}: {bytes}")
        };
        let answers = tokio::time::timeout(HANG, ask(address, &request)).await;
        let answers = answers.unwrap_or_else(|_| panic!("it hangs: {}", shown()));
        let text = String::from_utf8_lossy(&answers);
        for (position, _) in text.match_indices("HTTP/1.1 ") {
            let status = text[position + 9..].chars().take(3).collect::<String>();
            *statuses.entry(status).or_insert(0) += 1;
        }
        for (position, _) in text.match_indices("HTTP/1.1 5") {
            // The frontend of this shop has no page, which it says to whoever asks for it.
            let no_page = door == "frontend" && text[position..].starts_with("HTTP/1.1 503");
            assert!(no_page, "{text}: {}", shown());
        }
        assert_holds_no_secret(&text);
        if round % 100 == 0 {
            assert_eq!(
                shop.http(door).get("/health").await.status,
                200,
                "{}",
                shown()
            );
        }
    }
    println!("{name}: {statuses:?}");
    let answered = |class: char| statuses.keys().any(|status| status.starts_with(class));
    assert!(
        answered('2') && answered('4'),
        "the mutations reach nothing: {statuses:?}"
    );
    // Inside, a slow disk may hold a reservation for longer than its time: it is made again.
    assert_unharmed(shop, &[503, 504]).await;
}

/// Sends bytes and hears all that is answered.
async fn ask(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut raw = Raw::connect(address).await;
    // Whoever refuses early may close the line.
    let _ = raw.send(request).await;
    // A request without its end is not answered; it ends here for want of more.
    raw.hears_within(QUIET).await;
    raw.finish().await;
    raw.rest().await
}

/// A receiver of spans that takes whatever comes, all of it: who answers before has read what is sent closes
/// the connection under it.
async fn sink() -> String {
    let router = Router::new().route("/v1/traces", post(async |_: Bytes| ()));
    format!("http://{}", serve(router).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_byte_by_byte_harm_no_gateway() {
    fuzz("requests", "gateway-service", |random| {
        let request = one(random, &REQUESTS).to_vec();
        mutate(random, request)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_byte_by_byte_harm_no_service() {
    fuzz("requests inside", "order-service", |random| {
        let request = one(random, &REQUESTS).to_vec();
        let inside = String::from_utf8_lossy(&request).replace("/api", "");
        mutate(random, inside.into_bytes())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_bodies_harm_nothing_behind_the_gateway() {
    fuzz("bodies", "gateway-service", |random| {
        let (line, body) = BODIES[random.random_range(0..BODIES.len())];
        let body = mutate(random, body.to_vec());
        request(line, b"content-type: application/json\r\n", &body)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_harm_nothing_behind_the_gateway() {
    fuzz("headers", "gateway-service", |random| {
        let (name, value) = HEADERS[random.random_range(0..HEADERS.len())];
        let value = mutate(random, value.to_vec());
        let header = [name.as_bytes(), b": ", &value, b"\r\n"].concat();
        let (line, body) = BODIES[random.random_range(0..BODIES.len())];
        let json: &[u8] = b"content-type: application/json\r\n";
        request(line, &[json, &header].concat(), body)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_harm_nothing_behind_the_frontend() {
    fuzz("targets", "frontend", |random| {
        let target = one(random, &TARGETS).to_vec();
        let target = mutate(random, target);
        [
            b"GET ",
            target.as_slice(),
            b" HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n",
        ]
        .concat()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_of_anybody_harm_no_frontend() {
    fuzz("spans", "frontend", |random| {
        let (media, spans) = SPANS[random.random_range(0..SPANS.len())];
        let spans = mutate(random, spans.to_vec());
        let header = format!("content-type: {media}\r\n");
        request("POST /otlp/v1/traces", header.as_bytes(), &spans)
    })
    .await;
}
