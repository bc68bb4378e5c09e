//! SIGTERM under load: every request that was accepted is answered to its end, no span and no
//! event of it is lost, and the process is gone within its bound, whatever the receiver does.
//!
//! HTTP/1.1 lets a server close an idle connection at the moment in which a client sends on it.
//! The services spare their clients that: for half a second they go on, and each answer says
//! `Connection: close`. A client that honours it sees no error at all.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::foreign::free_address;
use harness::stand_in::{Behaviour, StandIn};
use harness::{LogLine, Raw, Receiver, ReceiverMode, Shop, ShopOptions, SpanRecord, eventually};
use http::StatusCode;
use rustix::process::Signal;
use serde_json::Value;
use tokio::task::JoinSet;

/// How many connections are busy at the moment of the signal.
const CONNECTIONS: usize = 64;

/// How long a client thinks between two requests: the spans of all of them together stay far
/// below what the receiver of a test takes on a slow machine.
const THINK: Duration = Duration::from_millis(20);

/// Half a second of lingering, and the requests under way, of which none takes a second.
const DRAIN_BOUND: Duration = Duration::from_secs(4);

/// How long the last spans may take to leave, and a margin for a busy machine.
const FLUSH_BOUND: Duration = Duration::from_secs(5);

/// What is drained, and what its clients ask.
#[derive(Clone, Copy, Debug)]
struct Door {
    service: &'static str,
    prefix: &'static str,
}

const ORDER: Door = Door {
    service: "order-service",
    prefix: "",
};
const GATEWAY: Door = Door {
    service: "gateway-service",
    prefix: "/api",
};
const FRONTEND: Door = Door {
    service: "frontend",
    prefix: "/api",
};

/// A request that was answered to its end.
#[derive(Clone, Debug)]
struct Answered {
    trace_id: String,
    status: StatusCode,
    is_order: bool,
}

impl Door {
    /// An order, or a look at the last ones.
    fn request(self, is_order: bool) -> String {
        let prefix = self.prefix;
        if is_order {
            let body = r#"{"productId":"product1","quantity":1}"#;
            let length = body.len();
            format!(
                "POST {prefix}/orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        } else {
            format!("GET {prefix}/orders?limit=5 HTTP/1.1\r\nhost: shop\r\n\r\n")
        }
    }
}

/// A client with one connection that it keeps until it is told to close it.
async fn ask_until_told_to_close(
    door: Door,
    nth: usize,
    address: SocketAddr,
    answered: Arc<AtomicUsize>,
) -> Vec<Answered> {
    let (mut connection, mut answers) = (Raw::connect(address).await, Vec::new());
    // Not all in step.
    tokio::time::sleep(THINK / 16 * u32::try_from(nth % 16).expect("small")).await;
    loop {
        let is_order = answers.len() % 2 == 0;
        let request = door.request(is_order);
        connection.send(request).await.unwrap_or_else(|error| {
            panic!("client {nth} was not told to close: {error}, after {answers:?}")
        });
        let answer = connection.answer().await;
        let answer = answer.unwrap_or_else(|| panic!("client {nth} was cut after {answers:?}"));
        answered.fetch_add(1, Ordering::AcqRel);
        answers.push(Answered {
            trace_id: answer.trace_id(),
            status: answer.status,
            is_order,
        });
        if answer.header("connection") == Some("close") {
            return answers;
        }
        tokio::time::sleep(THINK).await;
    }
}

/// Puts a service under load, terminates it, and holds what is asked of every drain. Its log and
/// the answers of its clients come back.
async fn drain(shop: &mut Shop, door: Door, bound: Duration) -> (Vec<LogLine>, Vec<Answered>) {
    shop.set_stock("product1", 1_000_000).await;
    let address = shop.http(door.service).address();
    let (answered, mut clients) = (Arc::<AtomicUsize>::default(), JoinSet::new());
    for nth in 0..CONNECTIONS {
        clients.spawn(ask_until_told_to_close(
            door,
            nth,
            address,
            Arc::clone(&answered),
        ));
    }
    eventually("the load flows", async || {
        let answered = answered.load(Ordering::Acquire);
        if answered > 10 * CONNECTIONS {
            Ok(())
        } else {
            Err(answered)
        }
    })
    .await;
    let begun = Instant::now();
    shop.service(door.service).signal(Signal::TERM);
    let answers: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    let service = shop.service(door.service);
    let status = service.wait(bound.saturating_sub(begun.elapsed()));
    eprintln!(
        "{} was gone {:?} after SIGTERM; {} requests answered",
        door.service,
        begun.elapsed(),
        answers.len()
    );
    assert_eq!(status.code(), Some(0));
    assert_eq!(service.errors(), "");
    for answer in &answers {
        let expected = if answer.is_order { 201 } else { 200 };
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    let log = service.log();
    assert_every_answer_has_its_line(&log, &answers);
    (log, answers)
}

fn by_trace<T>(items: impl Iterator<Item = (String, T)>) -> BTreeMap<String, Vec<T>> {
    let mut groups = BTreeMap::<_, Vec<T>>::new();
    for (trace_id, item) in items {
        groups.entry(trace_id).or_default().push(item);
    }
    groups
}

fn assert_every_answer_has_its_line(log: &[LogLine], answers: &[Answered]) {
    let lines = log.iter().filter(|line| line["duration_ms"].is_number());
    let lines = by_trace(lines.filter_map(|line| {
        let trace_id = line["trace_id"].as_str()?;
        Some((trace_id.to_owned(), line))
    }));
    for answer in answers {
        let lines = lines.get(&answer.trace_id).map_or(&[][..], Vec::as_slice);
        let [line] = lines else {
            panic!("{answer:?} has {} access lines", lines.len());
        };
        assert_eq!(line["status"], answer.status.as_u16());
    }
    assert!(
        says(log, " stopped"),
        "the log breaks off: {:?}",
        log.last()
    );
}

/// The spans that a service makes of a request.
fn spans_of(door: Door, answer: &Answered) -> usize {
    match (door.service, answer.is_order) {
        // Its own, the order's three steps with a client span each, the order itself, and two
        // writes to the store with their commits.
        ("order-service", true) => 12,
        // Its own, and that of its client or of a read of the store.
        _ => 2,
    }
}

fn assert_every_answer_has_its_spans(door: Door, spans: Vec<SpanRecord>, answers: &[Answered]) {
    let own = spans.into_iter().filter(|s| s.service == door.service);
    let spans = by_trace(own.map(|span| (span.trace_id(), span)));
    for answer in answers {
        let spans = spans.get(&answer.trace_id).map_or(&[][..], Vec::as_slice);
        let mut names: Vec<_> = spans.iter().map(|span| &span.span.name).collect();
        // Which writes wait for one another is chance.
        names.retain(|name| *name != "wait for the writer");
        assert_eq!(
            names.len(),
            spans_of(door, answer),
            "{answer:?} has only {names:?}"
        );
    }
}

fn says(log: &[LogLine], words: &str) -> bool {
    log.iter().any(|line| {
        line["message"]
            .as_str()
            .is_some_and(|message| message.contains(words))
    })
}

async fn drain_with_a_good_receiver(door: Door) {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let mut shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let (log, answers) = drain(&mut shop, door, DRAIN_BOUND + FLUSH_BOUND).await;
    assert!(!says(&log, "spans cannot be sent"));
    assert_every_answer_has_its_spans(door, receiver.spans(), &answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_service_drains_without_losing_an_order_a_span_or_an_event() {
    drain_with_a_good_receiver(ORDER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_drains_without_losing_a_request_a_span_or_an_event() {
    drain_with_a_good_receiver(GATEWAY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frontend_server_drains_without_losing_a_request_a_span_or_an_event() {
    drain_with_a_good_receiver(FRONTEND).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_drains_in_time_and_loses_no_event_whatever_its_receiver_does() {
    // Nobody listens where nobody has bound.
    let absent = format!("http://{}", free_address());
    let hanging = Receiver::http(ReceiverMode::Hanging).await;
    let refusing = Receiver::http(ReceiverMode::Refusing).await;
    for (kind, endpoint) in [
        ("none", None),
        ("hanging", Some(hanging.endpoint())),
        ("refusing", Some(refusing.endpoint())),
        ("absent", Some(absent)),
    ] {
        eprintln!("receiver: {kind}");
        let mut shop = Shop::with(ShopOptions {
            otlp: endpoint,
            without_frontend: true,
            ..ShopOptions::default()
        });
        for door in [ORDER, GATEWAY] {
            let (log, _) = drain(&mut shop, door, DRAIN_BOUND + FLUSH_BOUND).await;
            // A hanging receiver is given up after the bound, and the loss is logged.
            let logged = match kind {
                "hanging" => says(&log, "the last spans could not be sent"),
                "none" => !says(&log, "spans"),
                _ => says(&log, "spans cannot be sent"),
            };
            assert!(logged, "{kind}: {:?}", log.last());
            shop.start_service(door.service);
        }
    }
    assert!(hanging.spans().is_empty() && refusing.spans().is_empty());
}

/// Clients whose connections stand in the kernel's queue, not yet seen by the service.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_connected_before_the_signal_are_answered() {
    let mut shop = Shop::start();
    for door in [ORDER, GATEWAY, FRONTEND] {
        let address = shop.http(door.service).address();
        // So many come in one go that the service cannot have accepted them all.
        let mut clients = Vec::new();
        for nth in 0..200 {
            let mut client = Raw::connect(address).await;
            // Some speak after the signal, when the listener is closed already.
            if nth % 2 == 0 {
                client.send(door.request(false)).await.expect("sent");
            }
            clients.push(client);
        }
        shop.service(door.service).signal(Signal::TERM);
        for (nth, client) in clients.iter_mut().enumerate() {
            if nth % 2 == 1 {
                client.send(door.request(false)).await.expect("sent");
            }
        }
        for (nth, client) in clients.iter_mut().enumerate() {
            let answer = client.answer().await;
            let answer = answer.unwrap_or_else(|| panic!("{door:?}: client {nth} was cut"));
            assert_eq!(answer.status, 200);
        }
        let status = shop.service(door.service).wait(DRAIN_BOUND);
        assert_eq!(status.code(), Some(0));
        shop.start_service(door.service);
    }
}

/// Requests that take longer than connections linger.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_request_is_answered_to_its_end() {
    for door in [FRONTEND, GATEWAY, ORDER] {
        // A shop of its own: after three reservations that hang the circuit to inventory may open.
        let inventory = StandIn::start().await;
        let mut shop = Shop::with(ShopOptions {
            environment: vec![("INVENTORY_SERVICE_URL", inventory.url())],
            ..ShopOptions::default()
        });
        inventory.stand_before(shop.http("inventory-service").address());
        // One whose body does not come at once, and one whose answer takes three seconds.
        inventory.set("/inventory/reservations", Behaviour::Hang);
        let address = shop.http(door.service).address();
        let (mut late, mut slow) = (Raw::connect(address).await, Raw::connect(address).await);
        let order = door.request(true);
        let (head, body) = order.split_at(order.len() - 10);
        late.send(head).await.expect("sent");
        // The head has been read when the request counts as being in flight.
        let http = shop.http(door.service);
        eventually("it is in flight", async || {
            let scrape = harness::Scrape::of(&http).await;
            let in_flight = scrape.sum("http_server_requests_in_flight", &[]);
            // And the scrape itself.
            if in_flight > 1.5 {
                Ok(())
            } else {
                Err(in_flight)
            }
        })
        .await;
        slow.send(&order).await.expect("sent");
        eventually("the reservation hangs", async || {
            let arrived = inventory.arrived("/inventory/reservations");
            (arrived > 0).then_some(()).ok_or(())
        })
        .await;
        let begun = Instant::now();
        shop.service(door.service).signal(Signal::TERM);
        let answer = slow.answer().await.expect("not cut");
        assert_eq!(answer.status, 202, "{door:?}");
        assert_eq!(answer.header("connection"), Some("close"));
        let order: Value = answer.json();
        assert_eq!(order["status"], "PENDING");
        let waited = begun.elapsed();
        assert!(
            waited > Duration::from_secs(1),
            "it did not linger: {waited:?}"
        );
        inventory.set("/inventory/reservations", Behaviour::Pass);
        late.send(body).await.expect("still open");
        let answer = late.answer().await.expect("not cut");
        assert_eq!(answer.status, 201, "{door:?}: {answer:?}");
        assert_eq!(answer.header("connection"), Some("close"));
        let status = shop.service(door.service).wait(DRAIN_BOUND);
        assert_eq!(status.code(), Some(0));
    }
}

/// A client that never ends is cut: the process is gone within its bound.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_ends_does_not_hold_the_service() {
    let mut shop = Shop::start();
    let address = shop.gateway().address();
    let mut idle = Raw::connect(address).await;
    let mut kept = Raw::connect(address).await;
    kept.send(GATEWAY.request(false)).await.expect("sent");
    assert_eq!(kept.answer().await.expect("an answer").status, 200);
    let mut begun = Raw::connect(address).await;
    begun
        .send("GET /api/products HTTP/1.1\r\nhost: ")
        .await
        .expect("sent");
    let mut stalled = Raw::connect(address).await;
    let order = GATEWAY.request(true);
    stalled.send(&order[..order.len() - 1]).await.expect("sent");
    let at = Instant::now();
    shop.service("gateway-service").signal(Signal::TERM);
    for (name, client) in [("idle", &mut idle), ("kept", &mut kept)] {
        assert!(client.closes_within(DRAIN_BOUND).await, "{name} stays open");
    }
    // Half a second, ten for what is under way, and the margin.
    let status = shop
        .service("gateway-service")
        .wait(Duration::from_secs(13));
    assert_eq!(status.code(), Some(0), "after {:?}", at.elapsed());
}
