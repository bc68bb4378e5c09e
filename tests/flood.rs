//! Ten thousand connections that do nothing, or next to nothing, at the gateway.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::skip::skip;
use harness::unharmed::assert_unharmed;
use harness::{Http, MemoryCgroup, Process, Raw, Scrape, Shop, binary, eventually};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many connections the flood has.
const CONNECTIONS: usize = 10_000;

/// What the test needs beside the flood: pipes, its own clients, the runtime.
const OTHER_FILES: u64 = 200;

/// What is left of the gateway's bound of memory at the worst moment.
const MARGIN: u64 = 4 << 20;

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
async fn let_go(gateway: &Http, process: &Process, before: &Held) {
    eventually("the gateway lets go of all that it took", async || {
        let tasks = tasks(gateway).await;
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

/// The limits that are built into the services.
fn limits() -> Value {
    serde_json::from_str(include_str!("../services/server/limits.json")).expect("JSON")
}

/// What systemd gives a service as MemoryMax=, in bytes.
fn memory_max() -> u64 {
    let limit = |name: &str| limits()[name].as_u64().expect("a number");
    limit("service_bytes") + limit("max_connections") * limit("connection_bytes")
}

/// Starts the shop's gateway again, within a bound of memory where this machine can set one.
async fn bounded_gateway(shop: &mut Shop) -> (Process, Option<MemoryCgroup>) {
    const NAME: &str = "gateway-service";
    let program = binary(NAME);
    let environment = shop.environment(NAME);
    shop.kill(NAME);
    let (gateway, cgroup) = match MemoryCgroup::new(memory_max()) {
        Ok(cgroup) => {
            let enter = r#"echo $$ > "$0/cgroup.procs" && exec "$1""#;
            let arguments = [
                "-c".into(),
                enter.into(),
                cgroup.folder().into(),
                program.into(),
            ];
            let gateway = Process::spawn(Path::new("sh"), NAME, &arguments, &environment);
            (gateway, Some(cgroup))
        }
        Err(why) => {
            skip("a flood within the unit's bound of memory", &why);
            (Process::spawn(&program, NAME, &[], &environment), None)
        }
    };
    eventually("the gateway listens", async || {
        let log = gateway.log();
        let listens = log.iter().any(|line| line["address"].is_string());
        listens.then_some(()).ok_or(log)
    })
    .await;
    (gateway, cgroup)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_neither_stop_nor_swell_the_gateway() {
    let count = connections();
    let mut shop = Shop::start();
    let (mut process, cgroup) = bounded_gateway(&mut shop).await;
    let (gateway, address) = (shop.gateway(), shop.gateway().address());
    longest_wait(address, 100).await;
    let before = Held {
        tasks: tasks(&gateway).await,
        files: open_files(&process),
    };
    // What the clients say before they stop: nothing, the beginning of a head, as much of one as a
    // place may hold, and more than that, for which the connection is closed.
    let begun = b"GET /api/products HTTP/1.1\r\nhost: shop\r\nx-slow: ".to_vec();
    let longest = usize::try_from(limits()["head_bytes"].as_u64().expect("a number"));
    let longest = longest.expect("a small number") - begun.len() - 1;
    let padded = |length: usize| [begun.as_slice(), &vec![b'x'; length]].concat();
    let rounds = [
        Vec::new(),
        begun.clone(),
        padded(longest),
        padded(longest),
        padded(longest),
        padded(longest),
        padded(2 * longest),
    ];
    let mut peaks = Vec::new();
    for said in rounds {
        let length = said.len();
        let (opened, streams) = flood(address, count, said).await;
        let wait = longest_wait(address, 50).await;
        let (files, memory) = (open_files(&process), process.resident_bytes());
        eprintln!(
            "{count} connections that said {length} bytes, opened in {opened:?}: longest wait {wait:?}, {files} files, {} MiB",
            memory >> 20
        );
        assert!(
            wait < Duration::from_secs(1),
            "a new request waited {wait:?}"
        );
        // The other half is for requests that are under way.
        assert!(memory < memory_max() / 2, "{memory} bytes");
        drop(streams);
        let_go(&gateway, &process, &before).await;
        peaks.push(memory);
    }
    let growth = peaks[5].saturating_sub(peaks[4]);
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
    let_go(&gateway, &process, &before).await;

    let peak = process.peak_resident_bytes();
    eprintln!("at most {} MiB", peak >> 20);
    assert!(peak + MARGIN < memory_max(), "{peak} bytes");
    assert_eq!(cgroup.as_ref().map_or(0, MemoryCgroup::killed), 0);
    assert!(process.terminate(Duration::from_secs(20)).success());
    assert_eq!(process.errors(), "");
    assert_unharmed(shop, &[]).await;
}
