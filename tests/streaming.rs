//! The gateway hands bodies on as they come, both ways, and never waits for their end.

use std::net::SocketAddr;

use harness::Process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A gateway, and the product service's place, in which a test stands itself.
async fn gateway() -> (Process, TcpListener) {
    let place = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", place.local_addr().expect("an address"));
    let gateway = Process::start("gateway-service", &[("PRODUCT_SERVICE_URL", url.into())]);
    (gateway, place)
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
