//! Ten thousand connections that do nothing, or next to nothing, at the gateway; and clients that
//! read nothing, or send their bodies slowly, at the order service.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::skip::skip;
use harness::unharmed::assert_unharmed;
use harness::{Http, MemoryCgroup, Process, Raw, Scrape, Shop, ShopOptions, binary, eventually};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::ALONE;

/// How many connections the flood has.
const CONNECTIONS: usize = 10_000;

/// What the test needs beside the flood: pipes, its own clients, the runtime.
const OTHER_FILES: u64 = 200;

/// How many clients the order service has, of its 2,048 places.
const SLOW_CLIENTS: usize = 2000;

/// What is left of a service's bound of memory at the worst moment.
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
                let socket = TcpSocket::new_v4().expect("a socket");
                // What is not read stays with the service, not in the client's kernel.
                socket.set_recv_buffer_size(4096).expect("a socket");
                let stream = socket.connect(address).await.expect("a connection");
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
    serde_json::from_str(include_str!("../../services/server/limits.json")).expect("JSON")
}

/// What systemd gives a service as MemoryMax=, in bytes, less what the kernel holds for its sockets:
/// a control group of version 1 does not count it.
fn memory_max() -> u64 {
    let limit = |name: &str| limits()[name].as_u64().expect("a number");
    limit("service_bytes")
        + limit("buffered_bytes")
        + limit("max_connections") * limit("connection_bytes")
}

/// Starts a service of the shop again, within a bound of memory where this machine can set one.
async fn bounded(shop: &mut Shop, name: &str) -> (Process, Option<MemoryCgroup>) {
    let program = binary(name);
    let environment = shop.environment(name);
    shop.kill(name);
    let (service, cgroup) = match MemoryCgroup::new(memory_max()) {
        Ok(cgroup) => {
            let enter = r#"echo $$ > "$0/cgroup.procs" && exec "$1""#;
            let arguments = [
                "-c".into(),
                enter.into(),
                cgroup.folder().into(),
                program.into(),
            ];
            let service = Process::spawn(Path::new("sh"), name, &arguments, &environment);
            (service, Some(cgroup))
        }
        Err(why) => {
            skip("a flood within the unit's bound of memory", &why);
            (Process::spawn(&program, name, &[], &environment), None)
        }
    };
    eventually("the service listens", async || {
        let log = service.log();
        let listens = log.iter().any(|line| line["address"].is_string());
        listens.then_some(()).ok_or(log)
    })
    .await;
    (service, cgroup)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_neither_stop_nor_swell_the_gateway() {
    let _alone = ALONE.lock().await;
    let count = connections();
    let mut shop = Shop::start();
    let (mut process, cgroup) = bounded(&mut shop, "gateway-service").await;
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

/// Buys a piece and looks at the order, several times; the longest wait for an answer.
async fn longest_purchase(http: &Http) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let begun = Instant::now();
        let order = http
            .post(
                "/orders",
                &json!({ "productId": "product1", "quantity": 1 }),
            )
            .await;
        longest = longest.max(begun.elapsed());
        assert_eq!(order.status, 201, "{order:?}");
        let begun = Instant::now();
        let location = order.header("location").expect("a path").to_owned();
        assert_eq!(http.get(&location).await.status, 200);
        longest = longest.max(begun.elapsed());
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_or_send_slowly_neither_stop_nor_swell_the_order_service() {
    const NAME: &str = "order-service";
    const ORDERS: usize = 500;
    let _alone = ALONE.lock().await;
    let count = connections().min(SLOW_CLIENTS);
    let mut shop = Shop::with(ShopOptions {
        without_frontend: true,
        ..ShopOptions::default()
    });
    shop.set_stock("product1", 1000).await;
    for _ in 0..ORDERS {
        assert_eq!(shop.buy("product1", 1).await.status, 201);
    }
    let (mut process, cgroup) = bounded(&mut shop, NAME).await;
    let orders = shop.http(NAME);
    let address = orders.address();
    let page = orders.get("/orders?limit=500").await;
    eprintln!("{} bytes of orders", page.body.len());
    assert!(page.body.len() * count > usize::try_from(memory_max()).expect("a size"));

    // Clients that read nothing: what the budget holds is answered, and the others are refused.
    let request = "GET /orders?limit=500 HTTP/1.1\r\nhost: shop\r\n\r\n";
    let (_, streams) = flood(address, count, request.into()).await;
    let (mut answered, mut refused) = (0.0, 0.0);
    let all = f64::from(u32::try_from(count).expect("a count"));
    eventually("all are answered or refused", async || {
        // Not by the log, which does not name each request that a busy service refuses unread.
        let scrape = Scrape::of(&orders).await;
        let with = |status| {
            let labels = [("uri", "/orders"), ("status", status)];
            scrape.sum("http_server_requests_seconds_count", &labels)
        };
        (answered, refused) = (with("200"), with("503"));
        let done = answered + refused > all;
        done.then_some(()).ok_or((answered, refused))
    })
    .await;
    let (wait, memory) = (longest_purchase(&orders).await, process.resident_bytes());
    eprintln!(
        "{answered} answered, {refused} refused: longest wait {wait:?}, {} MiB",
        memory >> 20
    );
    assert!(wait < Duration::from_secs(1), "a purchase took {wait:?}");
    assert!(answered > 100.0, "{answered} answered");
    let refusal = orders.get("/orders?limit=500").await;
    refusal.problem(503);
    assert_eq!(refusal.header("retry-after"), Some("1"));
    drop(streams);
    eventually("the budget is whole again", async || {
        let status = orders.get("/orders?limit=500").await.status;
        (status == 200).then_some(()).ok_or(status)
    })
    .await;

    // Clients that send most of the longest body and stop.
    let head = "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 65536\r\n\r\n{\"a\":\"";
    let body = [head.as_bytes(), &vec![b'x'; 60_000]].concat();
    let (_, streams) = flood(address, count, body).await;
    let (wait, memory) = (longest_purchase(&orders).await, process.resident_bytes());
    eprintln!(
        "{count} slow bodies: longest wait {wait:?}, {} MiB",
        memory >> 20
    );
    assert!(wait < Duration::from_secs(1), "a purchase took {wait:?}");
    drop(streams);

    let peak = process.peak_resident_bytes();
    eprintln!("at most {} MiB", peak >> 20);
    assert!(peak + MARGIN < memory_max(), "{peak} bytes");
    assert_eq!(cgroup.as_ref().map_or(0, MemoryCgroup::killed), 0);
    assert!(process.terminate(Duration::from_secs(20)).success());
    assert_eq!(process.errors(), "");
    assert_unharmed(shop, &[]).await;
}
