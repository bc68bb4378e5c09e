//! What no honest client sends, at every door: each is refused as the contract says, and after it
//! the shop is as well as before.
//!
//! A head that is no HTTP is refused by hyper before it is a request: that answer has a status
//! and no body, and no ids.

mod bodies;
mod clients;
mod heads;
mod paths;
mod smuggling;

use std::net::SocketAddr;

use harness::unharmed::assert_reveals_nothing;
use harness::{Answer, Raw, Shop};

/// The most that a body may have: 64 KiB.
const BODY_LIMIT: usize = 65_536;

/// Where each write of the contract can be made: the address and the target.
struct Write {
    address: SocketAddr,
    method: &'static str,
    target: String,
}

/// Every write at every door.
fn writes(shop: &Shop) -> Vec<Write> {
    let outside = [
        ("product-service", "POST", "/products"),
        ("inventory-service", "PUT", "/inventory/product1"),
        ("order-service", "POST", "/orders"),
    ];
    let inside = [
        ("inventory-service", "POST", "/inventory/check"),
        ("inventory-service", "POST", "/inventory/reservations"),
    ];
    let direct = outside.iter().chain(&inside);
    let direct = direct.map(|(service, method, path)| (*service, *method, (*path).to_owned()));
    let doors = ["gateway-service", "frontend"].into_iter();
    let through = doors
        .flat_map(|door| outside.map(|(_, method, path)| (door, method, format!("/api{path}"))));
    direct
        .chain(through)
        .map(|(service, method, target)| Write {
            address: shop.http(service).address(),
            method,
            target,
        })
        .collect()
}

impl Write {
    /// The write with this body; `framing` are the header lines that say how long it is.
    async fn send(&self, framing: &str, body: &[u8]) -> Answer {
        let Self { method, target, .. } = self;
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
        );
        let answer = ask(self.address, [head.as_bytes(), body].concat()).await;
        answer.unwrap_or_else(|| panic!("{method} {target} was not answered"))
    }

    async fn send_whole(&self, body: &[u8]) -> Answer {
        self.send(&format!("content-length: {}", body.len()), body)
            .await
    }

    async fn send_in_chunks(&self, body: &[u8]) -> Answer {
        let mut chunks = Vec::new();
        for chunk in body.chunks(1000) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"0\r\n\r\n");
        self.send("transfer-encoding: chunked", &chunks).await
    }
}

/// Sends bytes on a connection of their own; the first answer to them, if there is one.
async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Option<Answer> {
    let mut raw = Raw::connect(address).await;
    // Whoever is refused early may find the line closed.
    let _ = raw.send(request).await;
    let answer = raw.answer().await;
    if let Some(answer) = &answer {
        assert_reveals_nothing(answer);
    }
    answer
}

/// A GET of a target that is sent as it stands.
async fn get(address: SocketAddr, target: &[u8]) -> Option<Answer> {
    ask(
        address,
        [b"GET ", target, b" HTTP/1.1\r\nhost: shop\r\n\r\n"].concat(),
    )
    .await
}

/// So many header lines.
fn header_lines(count: usize) -> String {
    (0..count).fold(String::new(), |lines, number| {
        lines + &format!("x-{number}: 1\r\n")
    })
}

fn addresses(shop: &mut Shop) -> Vec<(String, SocketAddr)> {
    shop.services()
        .map(|s| (s.name().to_owned(), s.address()))
        .collect()
}
