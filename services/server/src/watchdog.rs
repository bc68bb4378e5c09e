//! The watchdog: a real request to the service's own listener. Whoever hangs does not answer it,
//! and systemd restarts him.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::systemd;

/// Feeds the watchdog for as long as the service answers. Any answer counts, a 503 too: a full
/// disk is not mended by a restart.
pub(crate) async fn feed(address: SocketAddr) {
    let Some(interval) = systemd::watchdog_interval() else {
        return;
    };
    // Half of the interval, as sd_watchdog_enabled(3) recommends.
    let mut tick = tokio::time::interval(interval / 2);
    loop {
        tick.tick().await;
        match tokio::time::timeout(interval / 2, ask(address)).await {
            Ok(Ok(())) => systemd::watchdog(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the service does not answer itself: {error}");
            }
            Err(_) => tracing::warn!("the service does not answer itself in time"),
        }
    }
}

async fn ask(address: SocketAddr) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(reachable(address)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/health")
        .header(header::HOST, "localhost")
        .header(header::USER_AGENT, "watchdog")
        .body(Body::empty())?;
    let exchange = async move { sender.send_request(request).await.map(drop) };
    let (answer, _) = tokio::join!(exchange, connection);
    Ok(answer?)
}

/// A listener on all addresses is reached over loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
