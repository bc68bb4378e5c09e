//! A connection to a peer, driven by the request that uses it.
//!
//! hyper splits a client's connection into a sender and a future that does the work. That future is
//! usually a task of its own, which each request wakes, and which wakes the request. Here whoever
//! waits for something of the connection polls both, so that a request costs one wake-up, the one by
//! the socket. Between two requests nobody polls it: what the peer does meanwhile is seen when the
//! connection is used again.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use deadline::Alarm;
use futures_util::task::AtomicWaker;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use tokio::time::Instant;

use crate::request_body::RequestBody;

/// The most bytes that a connection buffers of a request that the peer does not take, or of the head
/// of an answer, which is as long as our servers' may be. hyper's own limit is 400 KiB, and a flood of
/// slow bodies would make it so.
const BUFFER: usize = 32 * 1024;

/// How often in a row the two sides are polled because one has woken the other: a request, its head
/// and its body are two or three turns. Behind that, as when the runtime wants the task to pause, the
/// task is woken like any other.
const TURNS: u32 = 4;

/// What a connection reads from and writes to.
pub(crate) trait Stream: Read + Write + Send + Unpin + 'static {}

impl<S: Read + Write + Send + Unpin + 'static> Stream for S {}

/// A connection to a peer.
pub(crate) struct Connection<S: Stream> {
    sender: SendRequest<RequestBody>,
    /// None once it has ended.
    driver: Option<http1::Connection<S, RequestBody>>,
    wakes: Arc<Wakes>,
    /// Wakes `wakes`.
    waker: Waker,
    /// The time of the request under way.
    alarm: Alarm,
    made: Instant,
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// There was no connection.
    #[error("no connection")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// The connection was gone before anything of the request was written.
    #[error("the connection was closed")]
    Unsent(#[source] hyper::Error),
    /// The connection broke when some of the request was written, perhaps.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    /// The deadline has passed.
    #[error("no answer in time")]
    TimedOut,
}

/// A request that was not answered. It is still there if nothing of it was written.
pub(crate) type Unanswered = (SendError, Option<Box<Request<RequestBody>>>);

impl<S: Stream> Connection<S> {
    /// A connection on a stream that stands.
    pub(crate) async fn new(stream: S) -> Result<Self, hyper::Error> {
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(BUFFER)
            .handshake(stream)
            .await?;
        let wakes = Arc::new(Wakes::default());
        Ok(Self {
            sender,
            driver: Some(driver),
            waker: Waker::from(Arc::clone(&wakes)),
            wakes,
            alarm: Alarm::default(),
            made: Instant::now(),
        })
    }

    /// Sends a request, and waits for the head of its answer until `deadline`. A request of which
    /// nothing was written comes back with the error.
    pub(crate) async fn send(
        &mut self,
        request: Box<Request<RequestBody>>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Unanswered> {
        let answer = self.sender.try_send_request(*request);
        let mut answer = std::pin::pin!(answer);
        std::future::poll_fn(|task| {
            self.poll_with(task, |connection, task| {
                if let Poll::Ready(answer) = answer.as_mut().poll(task) {
                    return Poll::Ready(answer.map_err(|mut failure| {
                        let request = failure.take_message().map(Box::new);
                        let error = failure.into_error();
                        let error = if request.is_some() {
                            SendError::Unsent(error)
                        } else {
                            SendError::Broken(error)
                        };
                        (error, request)
                    }));
                }
                let elapsed = connection.alarm.poll(deadline, task);
                elapsed.map(|()| Err((SendError::TimedOut, None)))
            })
        })
        .await
    }

    /// How long it has stood.
    pub(crate) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// Whether the next request can be sent. It may not be when the peer has closed the connection, or
    /// has not taken all of the last request.
    pub(crate) fn poll_ready(&mut self, task: &mut Context<'_>) -> bool {
        let _ = self.poll_with(task, |_, _| Poll::<()>::Pending);
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Leaves what is still to be done to a task of its own, after which the connection ends.
    pub(crate) fn detach(self) {
        if let Some(driver) = self.driver {
            // Its error goes to whoever waits for the answer.
            tokio::spawn(async move { driver.await.ok() });
        }
    }

    /// Polls what `poll` waits for together with the connection, which has to do its part for it.
    pub(crate) fn poll_with<T>(
        &mut self,
        task: &mut Context<'_>,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.wakes.task.register(task.waker());
        let waker = self.waker.clone();
        let mut both = Context::from_waker(&waker);
        for _ in 0..TURNS {
            self.wakes.begin();
            if let Poll::Ready(value) = poll(self, &mut both) {
                self.wakes.end();
                return Poll::Ready(value);
            }
            if let Some(driver) = &mut self.driver
                && Pin::new(driver).poll(&mut both).is_ready()
            {
                // Its error has gone to whoever waited.
                self.driver = None;
            }
            if !self.wakes.end() {
                return Poll::Pending;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: Stream> fmt::Debug for Connection<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connection")
    }
}

/// Wakes of the two sides of a connection. Those that come while they are polled, mostly from each
/// other, are kept for the one who polls; the others wake its task.
#[derive(Debug, Default)]
struct Wakes {
    task: AtomicWaker,
    state: AtomicU8,
}

impl Wakes {
    /// Nobody polls.
    const WAITING: u8 = 0;
    /// Somebody polls.
    const POLLING: u8 = 1;
    /// Somebody polls, and there was a wake since the beginning of it.
    const WOKEN: u8 = 2;

    fn begin(&self) {
        self.state.store(Self::POLLING, Ordering::Release);
    }

    /// Whether there was a wake since the beginning.
    fn end(&self) -> bool {
        self.state.swap(Self::WAITING, Ordering::AcqRel) == Self::WOKEN
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let polled = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (state != Self::WAITING).then_some(Self::WOKEN)
            });
        if polled.is_err() {
            self.task.wake();
        }
    }
}
