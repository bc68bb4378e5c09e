//! The order service as far as a proxy can see it: reads an order, answers one.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;

use crate::server;

/// An order as the order service answers it.
const ORDER: &[u8] = br#"{"id":"019ab6c0-0000-7000-8000-000000000001","productId":"product1","productName":"Product 1","quantity":3,"unitPrice":10.99,"totalPrice":32.97,"status":"CREATED","createdAt":"2026-11-24T08:15:30.123Z"}"#;

pub(crate) async fn start() -> SocketAddr {
    let answer = |_| {
        Response::builder()
            .status(StatusCode::CREATED)
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::LOCATION,
                "/orders/019ab6c0-0000-7000-8000-000000000001",
            )
            .body(Full::new(Bytes::from_static(ORDER)))
            .expect("a response")
    };
    server::serve(answer).await
}
