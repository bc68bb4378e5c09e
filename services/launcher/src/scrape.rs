//! Scrapes the services, as Prometheus would.

use std::convert::Infallible;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::args::Args;
use crate::metrics::Metrics;
use crate::services::{SERVICES, Service};

/// As the shop's own Prometheus does.
const EVERY: Duration = Duration::from_secs(5);

/// A service answers within milliseconds; the next scrape has to find the last one done.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A service has some 100 KiB when it has all its series.
const LIMIT: usize = 1024 * 1024;

/// Scrapes all services for as long as it is polled.
pub async fn scrape(args: &Args, metrics: &Metrics) -> Infallible {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        join_all(SERVICES.map(|service| one(service, args, metrics))).await;
    }
}

async fn one(service: Service, args: &Args, metrics: &Metrics) {
    let at = SystemTime::now().duration_since(UNIX_EPOCH);
    let text = timeout(TIMEOUT, get(service.port(args))).await;
    let text = text.ok().and_then(Result::ok);
    metrics.keep(
        service.name,
        at.unwrap_or_default().as_secs_f64(),
        text.as_deref(),
    );
}

async fn get(port: u16) -> Result<String, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/metrics")
        .header(header::HOST, format!("127.0.0.1:{port}"))
        .header(header::ACCEPT, "application/openmetrics-text")
        .body(Empty::<Bytes>::new())?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(response.status().to_string().into());
        }
        let body = Limited::new(response.into_body(), LIMIT).collect().await?;
        Ok(String::from_utf8(body.to_bytes().into())?)
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        answer = &mut exchange => answer,
        // It ends when the answer has been read, perhaps before that is looked at.
        closed = &mut connection => {
            closed?;
            exchange.await
        }
    }
}
