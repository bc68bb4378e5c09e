//! The way of a request to a connection, kept or new, and of the connection back to those that are
//! kept.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use api::PeerUrl;
use axum::body::Bytes;
use body::Polled;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;
use tower_service::Service;

use crate::connection::{Connection, SendError, Unanswered};
use crate::connector::Connector;
use crate::pool::Pool;
use crate::request_body::{Progress, RequestBody, Stage};

/// How long a connection is idle at least before its peer closes it: half of the time for which our servers
/// keep theirs when they have no place left for others.
const QUIET: Duration = Duration::from_millis(60);

/// What a connection runs on.
type Stream = <Connector as Service<Uri>>::Response;

/// The connections to a peer.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    connector: Connector,
    address: Uri,
    /// `Host` of each request.
    host: HeaderValue,
    pool: Pool<Stream>,
}

impl Connections {
    /// Connections to this address, none so far.
    pub(crate) fn new(connector: Connector, url: &PeerUrl) -> Self {
        Self {
            connector,
            address: url.join(http::uri::PathAndQuery::from_static("/")),
            host: url.host_header(),
            pool: Pool::new(),
        }
    }

    /// Sends a request, and waits for the head of its answer until `deadline`.
    ///
    /// A connection that was kept may turn out to be closed before anything of the request was
    /// written; then the next is taken, at last a new one. `progress` is that of the request's body. A
    /// request of which nothing was written comes back with the error.
    pub(crate) async fn send(
        &self,
        mut request: Box<Request<RequestBody>>,
        progress: &Progress,
        deadline: Instant,
    ) -> Result<Response<Received>, Unanswered> {
        request
            .headers_mut()
            .insert(header::HOST, self.host.clone());
        while let Some(mut connection) = self.kept().await {
            match connection.send(request, deadline).await {
                Ok(response) => return Ok(self.received(response, connection, progress).await),
                Err((_, Some(unsent))) => request = unsent,
                Err(lost) => {
                    // What broke it has broken the others as well, most likely: a peer that is gone. Not if it
                    // was the request, whose body did not come or was too long.
                    if matches!(&lost.0, SendError::Broken(error) if !error.is_user()) {
                        self.pool.close();
                    }
                    return Err(lost);
                }
            }
        }
        // Rare, so it takes no place in the future.
        let mut connection = match Box::pin(self.connect(deadline)).await {
            Ok(connection) => connection,
            Err(error) => return Err((error, Some(request))),
        };
        let response = connection.send(request, deadline).await?;
        Ok(self.received(response, connection, progress).await)
    }

    /// A connection that was kept and is still open.
    async fn kept(&self) -> Option<Box<Connection<Stream>>> {
        while let Some((mut connection, idle_time)) = self.pool.take() {
            if idle_time >= QUIET {
                // The runtime learns late that it was closed: after a turn of it at the latest.
                tokio::task::yield_now().await;
            }
            let is_ready =
                std::future::poll_fn(|task| Poll::Ready(connection.poll_ready(task))).await;
            if is_ready {
                return Some(connection);
            }
        }
        None
    }

    async fn connect(&self, deadline: Instant) -> Result<Box<Connection<Stream>>, SendError> {
        let mut connector = self.connector.clone();
        let stream = connector.call(self.address.clone());
        let stream = tokio::time::timeout_at(deadline, stream)
            .await
            .map_err(|_| SendError::TimedOut)?
            .map_err(SendError::Connect)?;
        let connection = Connection::new(stream).await.map_err(SendError::Unsent)?;
        Ok(Box::new(connection))
    }

    async fn received(
        &self,
        response: Response<Incoming>,
        connection: Box<Connection<Stream>>,
        progress: &Progress,
    ) -> Response<Received> {
        // Early: the request goes on while the answer is read, or waits to be read.
        if progress.stage() != Stage::Complete {
            connection.detach();
            return response.map(|body| Received {
                body,
                connection: None,
                pool: self.pool.clone(),
                failure: None,
            });
        }
        let mut response = response.map(|body| Received {
            body,
            connection: Some(connection),
            pool: self.pool.clone(),
            failure: None,
        });
        // Nobody asks for a body that is empty.
        let body = response.body_mut();
        if body.is_end_stream() {
            std::future::poll_fn(|task| {
                body.keep_connection(task);
                Poll::Ready(())
            })
            .await;
        }
        response
    }
}

/// The body of an answer, with the connection on which it comes. At its end the connection is kept;
/// one that is dropped before is closed.
#[derive(Debug)]
pub(crate) struct Received {
    body: Incoming,
    connection: Option<Box<Connection<Stream>>>,
    pool: Pool<Stream>,
    /// Why the rest of it does not come, until that is said.
    failure: Option<hyper::Error>,
}

impl Received {
    /// Keeps the connection for the next request, if it can take one.
    fn keep_connection(&mut self, task: &mut Context<'_>) {
        if let Some(mut connection) = self.connection.take()
            && connection.poll_ready(task)
        {
            self.pool.put(connection);
        }
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Polled<hyper::Error> {
        let this = &mut *self;
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        let Some(connection) = &mut this.connection else {
            return Pin::new(&mut this.body).poll_frame(task);
        };
        let body = &mut this.body;
        let frame = connection.poll_with(task, |_, task| Pin::new(&mut *body).poll_frame(task));
        match frame {
            Poll::Ready(Some(Ok(_))) if !this.body.is_end_stream() => frame,
            Poll::Ready(Some(Ok(_)) | None) => {
                this.keep_connection(task);
                frame
            }
            // At the next poll: whoever forwards the answer has then written what came before, the head
            // at least, which a failure would take with it.
            Poll::Ready(Some(Err(failure))) => {
                this.connection = None;
                this.failure = Some(failure);
                task.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::Body as AnyBody;
    use futures_util::stream;
    use http::Method;
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::oneshot;

    use super::*;
    use crate::connector::Security;
    use crate::request_body;

    const SOON: Duration = Duration::from_secs(10);
    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const CLOSING: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    const NO_BODY: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nok";

    /// A peer that answers every request without a body like this; how many connections it was
    /// asked for, and how many of them have ended.
    async fn peer(answer: &'static str) -> (Connections, [Arc<AtomicUsize>; 2]) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let [opened, ended] = <[Arc<AtomicUsize>; 2]>::default();
        let counts = [Arc::clone(&opened), Arc::clone(&ended)];
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                opened.fetch_add(1, Ordering::SeqCst);
                let ended = Arc::clone(&ended);
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    while stream
                        .read(&mut request)
                        .await
                        .is_ok_and(|length| length > 0)
                    {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        if answer == CLOSING {
                            break;
                        }
                    }
                    ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        (
            Connections::new(Connector::new(Security::Plain), &url.parse().unwrap()),
            counts,
        )
    }

    async fn ask(connections: &Connections, method: Method) -> Response<Received> {
        try_to_ask(connections, method).await.unwrap()
    }

    async fn try_to_ask(
        connections: &Connections,
        method: Method,
    ) -> Result<Response<Received>, Unanswered> {
        try_to_send(connections, method, AnyBody::empty()).await
    }

    async fn try_to_send(
        connections: &Connections,
        method: Method,
        body: AnyBody,
    ) -> Result<Response<Received>, Unanswered> {
        let (body, progress) = request_body::watch(body, false);
        let mut request = Box::new(Request::new(body));
        *request.method_mut() = method;
        let deadline = Instant::now() + SOON;
        connections.send(request, &progress, deadline).await
    }

    /// Asks twice at once, so that two connections are idle then.
    async fn ask_twice_at_once(connections: &Connections) {
        let first = ask(connections, Method::GET).await;
        let second = ask(connections, Method::GET).await;
        for answer in [first, second] {
            answer.into_body().collect().await.unwrap();
        }
    }

    /// Two idle connections to a peer of another thread, and what closes one after the other, the last
    /// one first, before it returns, so that the runtime of the test has not heard of it. The peer
    /// answers one more after them.
    async fn two_idle() -> (Connections, impl FnMut()) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (close, told) = std::sync::mpsc::channel::<()>();
        let (closed, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let answered = || {
                let (mut stream, _) = listener.accept().unwrap();
                let length = std::io::Read::read(&mut stream, &mut [0; 1024]).unwrap();
                assert!(length > 0);
                std::io::Write::write_all(&mut stream, ANSWER.as_bytes()).unwrap();
                stream
            };
            let mut both = vec![answered(), answered()];
            for () in told.iter().take(2) {
                both.pop();
                closed.send(()).unwrap();
            }
            answered();
        });
        let connector = Connector::new(Security::Plain);
        let connections = Connections::new(connector, &url.parse().unwrap());
        ask_twice_at_once(&connections).await;
        (connections, move || {
            close.send(()).unwrap();
            wait.recv().unwrap();
        })
    }

    async fn reaches(count: &AtomicUsize, expected: usize) {
        let reached = async {
            while count.load(Ordering::SeqCst) != expected {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let reached = tokio::time::timeout(SOON, reached).await;
        assert!(reached.is_ok(), "{count:?} is not {expected}");
    }

    #[tokio::test]
    async fn requests_one_after_another_share_a_connection_however_their_answers_end() {
        for answer in [ANSWER, CHUNKED, NO_BODY] {
            let (connections, [opened, _]) = peer(answer).await;
            for _ in 0..10 {
                let body = ask(&connections, Method::GET).await.into_body();
                body.collect().await.unwrap();
            }
            assert_eq!(opened.load(Ordering::SeqCst), 1, "{answer}");
        }
    }

    #[tokio::test]
    async fn requests_at_once_have_a_connection_each() {
        let (connections, [opened, _]) = peer(ANSWER).await;
        ask_twice_at_once(&connections).await;
        ask(&connections, Method::GET).await;
        assert_eq!(opened.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_connection_that_the_peer_has_closed_is_not_used_again() {
        let (connections, [opened, ended]) = peer(CLOSING).await;
        for requests in 1..=3 {
            let body = ask(&connections, Method::GET).await.into_body();
            body.collect().await.unwrap();
            reaches(&ended, requests).await;
        }
        assert_eq!(opened.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn when_a_kept_connection_breaks_the_next_request_has_a_new_one() {
        // So soon that the connection is used without a turn of the runtime, however slow the machine is.
        let (connections, mut close) = loop {
            let begun = Instant::now();
            let (connections, mut close) = two_idle().await;
            close();
            if begun.elapsed() < QUIET {
                break (connections, close);
            }
        };
        let (error, unsent) = try_to_ask(&connections, Method::GET).await.unwrap_err();
        assert!(matches!(error, SendError::Broken(_)), "{error}");
        assert!(unsent.is_none());
        close();
        ask(&connections, Method::GET).await;
    }

    #[tokio::test]
    async fn a_request_whose_body_does_not_come_leaves_the_other_connections_open() {
        let (connections, [opened, _]) = peer(ANSWER).await;
        ask_twice_at_once(&connections).await;
        let broken = AnyBody::from_stream(stream::iter([Err::<Bytes, _>("it broke off")]));
        let outcome = try_to_send(&connections, Method::POST, broken).await;
        let (error, _) = outcome.unwrap_err();
        assert!(matches!(error, SendError::Broken(_)), "{error}");
        ask(&connections, Method::GET).await;
        assert_eq!(opened.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn one_that_was_idle_for_a_while_is_not_used_after_its_peer_has_closed_it() {
        let (connections, mut close) = two_idle().await;
        tokio::time::pause();
        tokio::time::advance(QUIET).await;
        tokio::time::resume();
        close();
        close();
        ask(&connections, Method::GET).await;
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_to_its_end_takes_its_connection_with_it() {
        let (connections, [opened, ended]) = peer(HALF).await;
        drop(ask(&connections, Method::GET).await);
        reaches(&ended, 1).await;
        ask(&connections, Method::GET).await;
        assert_eq!(opened.load(Ordering::SeqCst), 2);
    }

    /// A body whose next part never comes; tells when it is dropped.
    struct Stalled(#[allow(dead_code)] oneshot::Sender<()>);

    impl Body for Stalled {
        type Data = Bytes;
        type Error = hyper::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled<hyper::Error> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_request_whose_answer_comes_early_goes_on_until_its_peer_has_closed() {
        let (connections, _) = peer(CLOSING).await;
        let (dropped, gone) = oneshot::channel();
        let (body, progress) = request_body::watch(AnyBody::new(Stalled(dropped)), false);
        let deadline = Instant::now() + SOON;
        let answer = connections.send(Box::new(Request::new(body)), &progress, deadline);
        let answer = answer.await.unwrap();
        // Although nobody has read the answer.
        let gone = tokio::time::timeout(SOON, gone).await;
        assert!(gone.is_ok(), "the body is still held");
        answer.into_body().collect().await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_nobody_uses_is_closed_and_its_peer_sees_it() {
        let (connections, [_, ended]) = peer(ANSWER).await;
        let body = ask(&connections, Method::GET).await.into_body();
        body.collect().await.unwrap();
        tokio::time::pause();
        reaches_in_virtual_time(&ended).await;
        assert!(connections.pool.take().is_none());
    }

    async fn reaches_in_virtual_time(ended: &AtomicUsize) {
        let begun = Instant::now();
        while ended.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tokio::task::yield_now().await;
            assert!(begun.elapsed() < SOON, "it is still open");
        }
    }
}
