//! The gateway forwards bodies as they come, both ways, and never waits for their end; and a client
//! may read an answer as slowly as it needs to.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use harness::{Process, Raw, add_products};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A gateway, and the product service's place, in which a test stands itself.
async fn gateway() -> (Process, TcpListener) {
    gateway_with(&[]).await
}

async fn gateway_with(environment: &[(&'static str, OsString)]) -> (Process, TcpListener) {
    let place = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", place.local_addr().expect("an address"));
    let environment = [environment, &[("PRODUCT_SERVICE_URL", url.into())]].concat();
    (Process::start("gateway-service", &environment), place)
}

async fn ask(gateway: SocketAddr, request: &str) -> TcpStream {
    let mut client = TcpStream::connect(gateway).await.expect("the gateway");
    client
        .write_all(request.as_bytes())
        .await
        .expect("a connection");
    client
}

/// Reads until this text has come.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = stream.read_buf(&mut read).await.expect("a connection");
        assert!(
            count > 0,
            "closed before {text}: {}",
            String::from_utf8_lossy(&read)
        );
    }
    String::from_utf8(read).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_on_before_its_end_has_come() {
    let (gateway, place) = gateway().await;
    let request = "GET /api/products HTTP/1.1\r\nhost: shop\r\n\r\n";
    let mut client = ask(gateway.address(), request).await;
    let (mut service, _) = place.accept().await.expect("the gateway");
    read_until(&mut service, "\r\n\r\n").await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n";
    let first = format!("{head}[1,2,3,4,5");
    service
        .write_all(first.as_bytes())
        .await
        .expect("a connection");
    read_until(&mut client, "[1,2,3,4,5").await;
    service
        .write_all(b",6,7,8,9]\n")
        .await
        .expect("a connection");
    read_until(&mut client, ",6,7,8,9]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_on_before_its_end_has_come() {
    let (gateway, place) = gateway().await;
    let head = "POST /api/products HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n";
    let request = format!("{head}content-length: 28\r\n\r\n{{\"name\":\"half");
    let mut client = ask(gateway.address(), &request).await;
    let (mut service, _) = place.accept().await.expect("the gateway");
    read_until(&mut service, "{\"name\":\"half").await;
    client
        .write_all(b" a thing\",\"pric")
        .await
        .expect("a connection");
    read_until(&mut service, "\"pric").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_that_makes_progress_gets_its_whole_answer() {
    const PRODUCTS: usize = 1600;
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let product = Process::start("product-service", &[("STATE_DIRECTORY", state.into())]);
    let address = product.address();
    add_products(address, PRODUCTS).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(8 * 1024).expect("a socket");
    let mut client = socket.connect(address).await.expect("the service");
    client
        .write_all(b"GET /products HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n")
        .await
        .expect("sent");
    let (begun, mut answer) = (Instant::now(), Vec::new());
    let mut chunk = [0; 8 * 1024];
    loop {
        let count = client.read(&mut chunk).await.expect("not cut");
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&chunk[..count]);
        // A line of some 40 kB a second.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    // Longer than the server waits for a head, and than it waits for progress.
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(11), "too fast: {took:?}");
    let text = String::from_utf8(answer).expect("text");
    let (_, body) = text.split_once("\r\n\r\n").expect("a head");
    let products: Value = serde_json::from_str(body).expect("a whole answer");
    assert_eq!(products.as_array().expect("a list").len(), PRODUCTS + 3);
}

/// Answers every request with a body that never ends.
async fn answer_without_end(place: TcpListener) {
    while let Ok((mut service, _)) = place.accept().await {
        tokio::spawn(async move {
            read_until(&mut service, "\r\n\r\n").await;
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
            let mut written = service.write_all(head).await;
            while written.is_ok() {
                written = service.write_all(&chunk).await;
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_nothing_lose_their_places_in_about_ten_seconds() {
    const PLACES: usize = 3;
    let environment = [("MAX_CONNECTIONS", PLACES.to_string().into())];
    let (gateway, place) = gateway_with(&environment).await;
    tokio::spawn(answer_without_end(place));
    let mut deaf = Vec::new();
    for _ in 0..PLACES {
        let mut client = Raw::connect(gateway.address()).await;
        client
            .send("GET /api/products HTTP/1.1\r\nhost: shop\r\n\r\n")
            .await
            .expect("sent");
        deaf.push(client);
    }
    let begun = Instant::now();
    let mut late = Raw::connect(gateway.address()).await;
    late.send("GET /health HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await
        .expect("sent");
    assert!(late.hears_within(Duration::from_secs(20)).await);
    let waited = begun.elapsed();
    assert!(
        waited > Duration::from_secs(8),
        "a busy connection was cut after {waited:?}"
    );
    drop(deaf);
}
