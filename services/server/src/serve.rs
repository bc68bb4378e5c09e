//! The accept loop, one task a connection, and the drain.
//!
//! The drain has three phases. *Lingering*: the listener is closed; connections go on, and each
//! answer says `Connection: close`, so that clients leave without a request under way. *Closing*:
//! idle connections are closed, busy ones after their answer. *Cut*: the bound has passed.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

use crate::connections::{Connections, Place};

/// A client sends the head of a request in one go; ten seconds forgive a bad line and starve a
/// slow attacker. It is also how long an idle connection is kept, and longer than our own
/// clients keep theirs, so that they never send into a connection that is being closed.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The head of a request: the contract's longest has a few hundred bytes; baggage may have 8 KiB
/// (W3C Baggage) and cookies as many.
const HEAD_LIMIT: usize = 32 * 1024;

/// How many headers a request may have.
const HEADERS_LIMIT: usize = 100;

/// How long connections linger: an answer under load comes every few milliseconds, and a client
/// with a pool asks more often than this.
const LINGER: Duration = Duration::from_millis(500);

/// How long requests may take to end after that: the gateway's own deadline.
const DRAIN_BOUND: Duration = Duration::from_secs(10);

/// What the connections have to know of the drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Serving,
    Lingering,
    Closing,
}

/// Serves until `stop` ends, then drains; says how many connections had to be cut.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    phase: watch::Sender<Phase>,
    stop: impl Future<Output = ()>,
) -> usize {
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                wait_after(&error).await;
                continue;
            }
        };
        // While all places are taken by busy connections, the rest waits in the backlog.
        tokio::select! {
            place = connections.place() => spawn(stream, &router, place, &phase),
            () = &mut stop => {
                spawn(stream, &router, connections.take_place(), &phase);
                break;
            }
        }
    }
    phase.send_replace(Phase::Lingering);
    accept_backlog(listener, &router, &connections, &phase);
    let _ = tokio::time::timeout(LINGER, connections.all_closed()).await;
    phase.send_replace(Phase::Closing);
    let _ = tokio::time::timeout(DRAIN_BOUND, connections.all_closed()).await;
    connections.count()
}

/// A client that is gone already is its own affair. Without file descriptors nothing can be
/// accepted until one is free; trying at once would only burn the processor.
async fn wait_after(error: &io::Error) {
    let of_the_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    );
    if !of_the_client {
        tracing::error!(%error, "no connection can be accepted: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Takes what the kernel has accepted on our behalf, then closes the listener.
fn accept_backlog(
    listener: TcpListener,
    router: &Router,
    connections: &Arc<Connections>,
    phase: &watch::Sender<Phase>,
) {
    let Ok(listener) = listener.into_std() else {
        return;
    };
    let next = |listener: &StdListener| -> io::Result<TcpStream> {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        TcpStream::from_std(stream)
    };
    while let Ok(stream) = next(&listener) {
        spawn(stream, router, connections.take_place(), phase);
    }
}

fn spawn(stream: TcpStream, router: &Router, place: Place, phase: &watch::Sender<Phase>) {
    let (router, phase) = (router.clone(), phase.subscribe());
    tokio::spawn(async move {
        let evicted = Arc::clone(&place.connection);
        tokio::select! {
            () = connection(stream, router, &place, phase) => {}
            () = evicted.evicted.notified() => {}
        }
    });
}

async fn connection(
    stream: TcpStream,
    router: Router,
    place: &Place,
    phase: watch::Receiver<Phase>,
) {
    let mut closing = phase.clone();
    // An answer is written in one go; waiting to fill a packet would only delay it.
    let _ = stream.set_nodelay(true);
    // Until the first byte a connection has no buffer: ten thousand that say nothing are cheap.
    // Not `readable`, which may say so of a new socket that it has not asked yet.
    let mut byte = [0];
    let first = stream.peek(&mut byte);
    tokio::select! {
        first = tokio::time::timeout(HEADER_TIMEOUT, first) => {
            if !matches!(first, Ok(Ok(1))) {
                return;
            }
        }
        _ = closing.wait_for(|phase| *phase == Phase::Closing) => return,
    }
    let answer = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request
            .extensions_mut()
            .insert(Arc::new(place.connection.busy()));
        let answer = router.clone().call(request);
        let phase = &phase;
        async move {
            let mut response = answer.await?;
            if *phase.borrow() != Phase::Serving {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        .max_headers(HEADERS_LIMIT)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    // Errors here are the client's: a head that is none, a line that broke. Nobody has to act.
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = closing.wait_for(|phase| *phase == Phase::Closing) => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early: {error}");
    }
}
