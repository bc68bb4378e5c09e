//! A server that a test makes up.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

/// Serves these routes on a free port for as long as the test runs, and gives their address.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
