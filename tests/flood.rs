//! Ten thousand connections that do nothing, or next to nothing, at the gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::skip::skip;
use harness::unharmed::assert_unharmed;
use harness::{Http, Process, Raw, Scrape, Shop, eventually};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many connections the flood has.
const CONNECTIONS: usize = 10_000;

/// What the test needs beside the flood: pipes, its own clients, the runtime.
const OTHER_FILES: u64 = 200;

/// The places for connections that the gateway has unless told otherwise.
const PLACES: u64 = 4096;

/// What the gateway may hold beside its connections.
const OWN_MEMORY: u64 = 24 << 20;

/// How much more memory one round may take than the one before, when all is warm: what an
/// allocator keeps is not the same each time, and what leaks is as large as the flood.
const GROWTH_BOUND: u64 = 24 << 20;

/// A flood, as far as this machine's limit of open files allows it.
fn connections() -> usize {
    let wanted = u64::try_from(CONNECTIONS).expect("a count") + OTHER_FILES;
    let files = rlimit::increase_nofile_limit(wanted).expect("a limit");
    let possible = usize::try_from(files.saturating_sub(OTHER_FILES)).expect("a count");
    if possible < CONNECTIONS {
        let why = format!("this process may open only {files} files; {possible} it is");
        skip("a flood of ten thousand", &why);
    }
    possible.min(CONNECTIONS)
}

/// Opens that many connections and says the same on each; how long that took.
async fn flood(address: SocketAddr, count: usize, said: Vec<u8>) -> (Duration, Vec<TcpStream>) {
    let (begun, said) = (Instant::now(), Arc::<[u8]>::from(said));
    // As many at once as a listener's backlog takes without losing any.
    let workers = 64;
    let mut opening = JoinSet::new();
    for worker in 0..workers {
        let share = count / workers + usize::from(worker < count % workers);
        let said = Arc::clone(&said);
        opening.spawn(async move {
            let mut streams = Vec::with_capacity(share);
            for _ in 0..share {
                let stream = TcpStream::connect(address).await.expect("a connection");
                // One that has given way already takes nothing any more.
                let _ = stream.writable().await;
                let _ = stream.try_write(&said);
                streams.push(stream);
            }
            streams
        });
    }
    let streams = opening.join_all().await.into_iter().flatten().collect();
    (begun.elapsed(), streams)
}

/// Asks on connections of their own, one after the other; the longest wait for an answer.
async fn longest_wait(address: SocketAddr, requests: usize) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..requests {
        let begun = Instant::now();
        let mut raw = Raw::connect(address).await;
        raw.send("GET /api/products HTTP/1.1\r\nhost: shop\r\n\r\n")
            .await
            .expect("sent");
        let answer = raw.answer().await.expect("an answer");
        assert_eq!(answer.status, 200);
        longest = longest.max(begun.elapsed());
    }
    longest
}

fn open_files(process: &Process) -> usize {
    let folder = format!("/proc/{}/fd", process.id());
    std::fs::read_dir(folder).expect("alive").count()
}

async fn tasks(http: &Http) -> f64 {
    Scrape::of(http).await.sum("tokio_alive_tasks", &[])
}

/// What the gateway holds and must let go.
#[derive(Debug)]
struct Held {
    files: usize,
    tasks: f64,
}

/// Waits until the gateway has let go of a flood.
async fn let_go(shop: &mut Shop, before: &Held) {
    let gateway = shop.gateway();
    eventually("the gateway lets go of all that it took", async || {
        let tasks = tasks(&gateway).await;
        let process = shop.service("gateway-service");
        let held = Held {
            files: open_files(process),
            tasks,
        };
        // The client's own connections and those to the services come and go.
        if held.files <= before.files + 8 && held.tasks <= before.tasks + 16.0 {
            Ok(())
        } else {
            Err(held)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_neither_stop_nor_swell_the_gateway() {
    let count = connections();
    let mut shop = Shop::start();
    let (gateway, address) = (shop.gateway(), shop.gateway().address());
    longest_wait(address, 100).await;
    let before = Held {
        tasks: tasks(&gateway).await,
        files: open_files(shop.service("gateway-service")),
    };
    // What the clients say before they stop, and the most that a place may then hold: nothing at
    // all until the first byte, two buffers of hyper's after it, and twice the longest head.
    let begun = b"GET /api/products HTTP/1.1\r\nhost: shop\r\nx-slow: ".to_vec();
    let long = [begun.as_slice(), &vec![b'x'; 31 * 1024]].concat();
    let rounds = [
        (Vec::new(), 4 << 10),
        (begun.clone(), 32 << 10),
        (begun.clone(), 32 << 10),
        (begun.clone(), 32 << 10),
        (begun, 32 << 10),
        (long, 64 << 10),
    ];
    let mut peaks = Vec::new();
    for (said, held) in rounds {
        let length = said.len();
        let (opened, streams) = flood(address, count, said).await;
        let wait = longest_wait(address, 50).await;
        let process = shop.service("gateway-service");
        let (files, memory) = (open_files(process), process.resident_bytes());
        eprintln!(
            "{count} connections that said {length} bytes, opened in {opened:?}: longest wait {wait:?}, {files} files, {} MiB",
            memory >> 20
        );
        assert!(
            wait < Duration::from_secs(1),
            "a new request waited {wait:?}"
        );
        assert!(memory < OWN_MEMORY + PLACES * held, "{memory} bytes");
        drop(streams);
        let_go(&mut shop, &before).await;
        peaks.push(memory);
    }
    let growth = peaks[4].saturating_sub(peaks[3]);
    assert!(
        growth < GROWTH_BOUND,
        "it grew by {growth} bytes: {peaks:?}"
    );

    // Bodies that stall make the gateway wait, and nobody else.
    let head = "POST /api/orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{";
    let (_, streams) = flood(address, 2000, head.into()).await;
    let wait = longest_wait(address, 50).await;
    assert!(
        wait < Duration::from_secs(1),
        "a new request waited {wait:?}"
    );
    drop(streams);
    let_go(&mut shop, &before).await;
    assert_unharmed(shop, &[]).await;
}
