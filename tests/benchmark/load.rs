//! Load on a proxy: connections that each send an order as soon as the one before is answered.
//! It checks as little as it can, since it shares the machine with what it measures.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinSet;

use crate::connection;

/// Enough that two cores are never without work, few enough that queues stay short.
const CONNECTIONS: usize = 32;

const ORDER: &[u8] = br#"{"productId":"product1","quantity":3}"#;

/// Asks for `length`; how many answers came.
pub(crate) async fn closed_loop(address: SocketAddr, length: Duration) -> u32 {
    closed_loop_of(None, address, length).await
}

/// The same as a person who has this token, if any.
pub(crate) async fn closed_loop_of(
    token: Option<&str>,
    address: SocketAddr,
    length: Duration,
) -> u32 {
    let end = Instant::now() + length;
    let bearer = token.map(|token| format!("Bearer {token}").parse().expect("a header"));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(ask_until(address, end, bearer.clone()));
    }
    let answers = connections.join_all().await;
    answers.into_iter().sum()
}

/// Asks on one connection for `length`; how many answers came.
pub(crate) async fn connection(address: SocketAddr, length: Duration) -> u32 {
    ask_until(address, Instant::now() + length, None).await
}

async fn ask_until(address: SocketAddr, end: Instant, bearer: Option<HeaderValue>) -> u32 {
    let mut sender = connection::open(address).await;
    let mut answers = 0;
    while Instant::now() < end {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/api/orders")
            .header(header::HOST, "shop")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(bearer) = &bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let body = Full::new(Bytes::from_static(ORDER));
        let request = request.body(body).expect("a request");
        sender.ready().await.expect("a connection that is kept");
        let answer = sender.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.into_body().collect().await.expect("a whole answer");
        answers += 1;
    }
    answers
}
