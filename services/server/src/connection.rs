//! One connection: hyper's side of it, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use deadline::Alarm;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use identity::{Identity, SpiffeId};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower_service::Service;

use crate::connections::{Busy, Place};
use crate::deadlines::{HEAD_TIMEOUT, HeadTimer, TimedStream};
use crate::limits::Limits;
use crate::phase::Phase;
use crate::queue::Queue;
use crate::secured::Secured;

/// How long a connection lives at most: an identity that was withdrawn ends with the connections that
/// were made with it. Our own clients leave a little earlier, between two requests.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Where a request comes from. In its extensions until the layer that observes it takes it.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The other end of the connection; none when it is our own watchdog.
    pub(crate) client: Option<Client>,
    /// The connection is busy until this is dropped.
    pub(crate) busy: Arc<Busy>,
    /// The queue of the worker; none where there is never much to do.
    pub(crate) queue: Option<Arc<Queue>>,
    /// That of the connection, for the deadline of the request.
    pub(crate) alarm: Arc<Mutex<Alarm>>,
}

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Its address as text, which each of its requests shares.
    pub(crate) address: Arc<str>,
    pub(crate) port: u16,
    /// Who it is, where services have identities.
    pub(crate) id: Option<SpiffeId>,
}

impl Client {
    fn new(address: SocketAddr, id: Option<SpiffeId>) -> Self {
        Self {
            // One of IPv4 that reached a socket of IPv6 is one of IPv4.
            address: address.ip().to_canonical().to_string().into(),
            port: address.port(),
            id,
        }
    }
}

/// Serves a client's connection to its end; one that shows no identity where there is one to be
/// shown, has none.
pub(crate) async fn accepted(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    identity: Option<Identity>,
    queue: Option<Arc<Queue>>,
    place: Place,
    phase: watch::Receiver<Phase>,
) {
    if !speaks(&stream, &place, phase.clone()).await {
        return;
    }
    let Some(identity) = identity else {
        let client = Client::new(address, None);
        return serve(stream, Some(client), router, queue, place, phase).await;
    };
    let handshake = tokio::time::timeout(HEAD_TIMEOUT, identity.accept(stream));
    match handshake
        .await
        .unwrap_or_else(|elapsed| Err(elapsed.into()))
    {
        Ok((stream, id)) => {
            let client = Client::new(address, Some(id));
            serve(Secured(stream), Some(client), router, queue, place, phase).await;
        }
        Err(error) => {
            tracing::warn!(client = %address.ip(), cause = %error, "a caller shows no identity: {error}");
        }
    }
}

/// Waits for the first byte. Until then a connection has no buffer: ten thousand that say nothing
/// are cheap.
async fn speaks(stream: &TcpStream, place: &Place, mut phase: watch::Receiver<Phase>) -> bool {
    let closing = phase.wait_for(|phase| *phase == Phase::Closing);
    tokio::pin!(closing);
    let mut is_closing = false;
    // Not `readable`, which may be true of a new socket before the kernel has been asked.
    let mut byte = [0];
    let first = tokio::time::timeout(HEAD_TIMEOUT, stream.peek(&mut byte));
    tokio::pin!(first);
    loop {
        tokio::select! {
            biased;
            first = &mut first => return matches!(first, Ok(Ok(1))),
            _ = &mut closing, if !is_closing => {
                is_closing = true;
                place.connection.ask_between_requests();
            }
            () = place.connection.asked.notified() => {
                if place.connection.gives_way(stream) {
                    return false;
                }
            }
        }
    }
}

/// Serves one connection to its end.
pub(crate) async fn serve<S>(
    stream: S,
    client: Option<Client>,
    router: Router,
    queue: Option<Arc<Queue>>,
    place: Place,
    phase: watch::Receiver<Phase>,
) where
    S: AsyncRead + AsyncWrite + AsFd + Unpin,
{
    let connection = &place.connection;
    let alarm = Arc::default();
    let answer = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Origin {
            client: client.clone(),
            busy: Arc::new(connection.busy()),
            queue: queue.clone(),
            alarm: Arc::clone(&alarm),
        });
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
    // Not `max_headers`: hyper's own limit of 100 needs no allocation for each request.
    let serving = http1::Builder::new()
        .timer(HeadTimer(Arc::clone(connection)))
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(Limits::get().head_bytes)
        .serve_connection(
            TokioIo::new(TimedStream::new(stream, Arc::clone(connection))),
            answer,
        );
    tokio::pin!(serving);
    let mut drain = phase.clone();
    let closing = drain.wait_for(|phase| *phase == Phase::Closing);
    tokio::pin!(closing);
    let old = tokio::time::sleep(MAX_AGE);
    tokio::pin!(old);
    let mut is_closing = false;
    let ended = loop {
        tokio::select! {
            biased;
            ended = serving.as_mut() => break ended,
            _ = &mut closing, if !is_closing => {
                is_closing = true;
                if connection.is_idle() {
                    // Its stream closes it, unless a request has begun to arrive, whose answer then
                    // says that it closes. hyper would not wait for the rest of the head.
                    connection.ask_between_requests();
                } else {
                    serving.as_mut().graceful_shutdown();
                }
            }
            () = &mut old, if !is_closing => {
                is_closing = true;
                serving.as_mut().graceful_shutdown();
            }
            // The stream decides, when hyper asks it for more.
            () = connection.asked.notified() => {}
        }
    };
    // Errors here are the client's: a malformed head, a reset connection. Nobody has to act.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early: {error}");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, UnixStream};

    use super::*;
    use crate::connections::Connections;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// What a connection is served with.
    async fn server() -> (Router, Place, watch::Sender<Phase>) {
        let router = Router::new().route("/", get(async || "answer"));
        let place = Connections::new(1, 1).place().await;
        (router, place, watch::Sender::new(Phase::Serving))
    }

    /// The client's side of a connection, and the phase of its server.
    async fn served() -> (UnixStream, watch::Sender<Phase>) {
        let (router, place, phase) = server().await;
        let (ours, theirs) = UnixStream::pair().unwrap();
        tokio::spawn(serve(ours, None, router, None, place, phase.subscribe()));
        (theirs, phase)
    }

    /// One that has answered a request.
    async fn served_once() -> (UnixStream, watch::Sender<Phase>) {
        let (mut theirs, phase) = served().await;
        theirs.write_all(REQUEST).await.unwrap();
        let mut buffer = [0; 1024];
        let length = theirs.read(&mut buffer).await.unwrap();
        assert!(buffer[..length].ends_with(b"answer"));
        (theirs, phase)
    }

    async fn closes_with_an_answer(mut stream: impl AsyncRead + Unpin) {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("connection: close"), "{answer:?}");
        assert!(answer.ends_with("answer"), "{answer:?}");
    }

    #[tokio::test]
    async fn a_request_that_arrives_as_its_idle_connection_is_closed_is_answered() {
        let (theirs, phase) = served_once().await;
        // At once, so that the runtime has not heard of the one when it is told of the other.
        theirs.try_write(REQUEST).unwrap();
        phase.send_replace(Phase::Closing);
        closes_with_an_answer(theirs).await;
    }

    #[tokio::test]
    async fn a_first_request_that_arrives_as_its_connection_is_closed_is_answered() {
        let (router, place, phase) = server().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (theirs, (ours, address)) = (theirs.unwrap(), listener.accept().await.unwrap());
        let serving = accepted(ours, address, router, None, None, place, phase.subscribe());
        tokio::spawn(serving);
        turn_of_the_runtime().await;

        theirs.try_write(REQUEST).unwrap();
        phase.send_replace(Phase::Closing);
        closes_with_an_answer(theirs).await;
    }

    #[tokio::test]
    async fn a_request_whose_head_has_begun_to_arrive_is_answered_before_its_connection_closes() {
        for (mut theirs, phase) in [served().await, served_once().await] {
            let (begin, rest) = REQUEST.split_at(10);
            theirs.write_all(begin).await.unwrap();
            turn_of_the_runtime().await;
            phase.send_replace(Phase::Closing);
            turn_of_the_runtime().await;
            theirs.write_all(rest).await.unwrap();
            closes_with_an_answer(theirs).await;
        }
    }

    #[tokio::test]
    async fn an_idle_connection_closes() {
        for (mut theirs, phase) in [served().await, served_once().await] {
            phase.send_replace(Phase::Closing);
            let mut rest = [0];
            let end = tokio::time::timeout(HEAD_TIMEOUT / 2, theirs.read(&mut rest)).await;
            assert_eq!(end.expect("before the time for a head ends").unwrap(), 0);
        }
    }

    /// The runtime learns what has arrived, and each task goes on by it.
    async fn turn_of_the_runtime() {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}
