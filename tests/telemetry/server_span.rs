//! The server span of a request (semantic conventions, "HTTP server"): what it says of the client,
//! and of an answer that never came or broke off.

use std::time::Duration;

use harness::{Http, Process, Raw, Receiver, ReceiverMode, Scrape, SpanRecord, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SERVER: i32 = 2;
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A gateway that sends its spans, and the product service's place, in which a test stands itself.
async fn gateway() -> (Process, TcpListener, Receiver) {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let place = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", place.local_addr().expect("an address"));
    let gateway = Process::start(
        "gateway-service",
        &[
            ("PRODUCT_SERVICE_URL", url.into()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint().into()),
            ("OTEL_BSP_SCHEDULE_DELAY", "20".into()),
        ],
    );
    (gateway, place, receiver)
}

fn request(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nhost: shop.example:8080\r\nuser-agent: a-browser/1.0\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\r\n"
    )
}

/// Takes the request that the gateway forwards.
async fn taken(place: &TcpListener) -> TcpStream {
    let (mut stream, _) = place.accept().await.expect("the gateway");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read_buf(&mut head).await.expect("a connection");
        assert!(count > 0, "closed before the end of the head");
    }
    stream
}

async fn server_span(receiver: &Receiver) -> SpanRecord {
    eventually("the server span has come", async || {
        let spans = receiver.trace(TRACE);
        let mut server = spans.into_iter().filter(|span| span.span.kind == SERVER);
        server.next().ok_or(())
    })
    .await
}

fn status_code(span: &SpanRecord) -> i32 {
    span.span.status.as_ref().map_or(0, |status| status.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_says_who_asked_and_where() {
    let (gateway, _place, receiver) = gateway().await;
    let mut client = Raw::connect(gateway.address()).await;
    client.send(request("/api/none?a=b")).await.expect("sent");
    client.answer().await.expect("an answer").problem(404);
    let span = server_span(&receiver).await;
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.response.status_code", "404"),
        ("url.scheme", "http"),
        ("url.path", "/api/none"),
        ("url.query", "a=b"),
        ("server.address", "shop.example"),
        ("server.port", "8080"),
        ("client.address", "127.0.0.1"),
        ("network.peer.address", "127.0.0.1"),
        ("network.protocol.version", "1.1"),
        ("user_agent.original", "a-browser/1.0"),
    ] {
        assert_eq!(span.attribute(name).as_deref(), Some(value), "{name}");
    }
    assert!(span.attribute("network.peer.port").is_some());
    assert_eq!(span.attribute("error.type"), None);
    assert_eq!(status_code(&span), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_before_the_answer_leaves_no_status_in_its_span() {
    let (gateway, place, receiver) = gateway().await;
    let mut client = Raw::connect(gateway.address()).await;
    client.send(request("/api/products")).await.expect("sent");
    let _service = taken(&place).await;
    drop(client);
    let span = server_span(&receiver).await;
    assert_eq!(span.attribute("http.response.status_code"), None);
    let kind = span.attribute("error.type");
    assert_eq!(kind.as_deref(), Some("client_disconnected"));
    assert_eq!(status_code(&span), 0, "the server did nothing wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_may_choose_is_cut_to_a_kibibyte_in_a_span() {
    let (gateway, _place, receiver) = gateway().await;
    let long = "x".repeat(2000);
    let mut client = Raw::connect(gateway.address()).await;
    let request = request(&format!("/{long}?{long}")).replace("a-browser/1.0", &long);
    client.send(request).await.expect("sent");
    client.answer().await.expect("an answer").problem(404);
    let span = server_span(&receiver).await;
    for name in ["url.path", "url.query", "user_agent.original"] {
        let length = span.attribute(name).map(|value| value.len());
        assert_eq!(length, Some(1024), "{name}");
    }
}

/// Asserts that the one request to the gateway has the status of its head and is no success.
async fn assert_no_success(gateway: &Process) {
    let scrape = Scrape::of(&Http::new(gateway.address())).await;
    let count = |outcome| {
        let labels = [
            ("uri", "/api/products"),
            ("status", "200"),
            ("outcome", outcome),
        ];
        scrape.sum("http_server_requests_seconds_count", &labels)
    };
    assert!(count("UNKNOWN") > 0.5, "it is counted");
    assert!(count("SUCCESS") < 0.5, "it is no success");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_within_the_answer_is_seen_in_its_span_and_its_metric() {
    let (gateway, place, receiver) = gateway().await;
    let mut client = Raw::connect(gateway.address()).await;
    client.send(request("/api/products")).await.expect("sent");
    let mut service = taken(&place).await;
    tokio::spawn(async move {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut written = service.write_all(head).await;
        while written.is_ok() {
            written = service.write_all(b"4\r\n1,2,\r\n").await;
        }
    });
    assert!(client.hears_within(Duration::from_secs(10)).await);
    drop(client);
    let span = server_span(&receiver).await;
    let status = span.attribute("http.response.status_code");
    assert_eq!(status.as_deref(), Some("200"));
    let kind = span.attribute("error.type");
    assert_eq!(kind.as_deref(), Some("client_disconnected"));
    assert_eq!(status_code(&span), 0, "the server did nothing wrong");
    assert_no_success(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_fails_its_span_and_keeps_its_status() {
    let (gateway, place, receiver) = gateway().await;
    let mut client = Raw::connect(gateway.address()).await;
    client.send(request("/api/products")).await.expect("sent");
    let mut service = taken(&place).await;
    service
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n[1,2",
        )
        .await
        .expect("a connection");
    assert!(client.hears_within(Duration::from_secs(10)).await);
    drop(service);
    let span = server_span(&receiver).await;
    let status = span.attribute("http.response.status_code");
    assert_eq!(status.as_deref(), Some("200"));
    let kind = span.attribute("error.type");
    assert_eq!(kind.as_deref(), Some("broken_answer"));
    assert_eq!(status_code(&span), 2);
    assert_no_success(&gateway).await;
}
