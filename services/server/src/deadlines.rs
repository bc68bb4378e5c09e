//! The deadlines of a connection: for the head of a request, and for the progress of an answer.
//!
//! [`HeadTimer`] is hyper's clock for the first. hyper starts it when it has handed over the last
//! answer, which a slow client may then still be reading; the time counts from the last byte.
//!
//! [`TimedStream`] holds the second: a client that takes nothing of its answer keeps its place for
//! [`WRITE_TIMEOUT`], one that goes on reading for as long as it needs. Its timer exists only while
//! a write waits. It is also where a connection that was asked to give way does so, since only the
//! stream knows that everything has been read.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{self, Duration};

use hyper::rt::{Sleep as HyperSleep, Timer};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::connections::{Busy, Connection};

/// A client sends the head of a request in one go; ten seconds forgive a bad line and starve a
/// slow attacker. It is also how long an idle connection is kept, and longer than our own
/// clients keep theirs, so that they never send into a connection that is being closed.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may make no progress: a client on a bad line takes some bytes within a
/// second or two, and TCP's first five repetitions of a lost segment fit.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// hyper's clock for the heads of requests on one connection.
#[derive(Debug)]
pub(crate) struct HeadTimer(pub(crate) Arc<Connection>);

pin_project! {
    /// Ends when the connection has been idle for [`HEAD_TIMEOUT`].
    struct IdleSleep {
        connection: Arc<Connection>,
        #[pin]
        sleep: Sleep,
    }
}

#[expect(clippy::disallowed_types, reason = "hyper's interface")]
impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn HyperSleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: time::Instant) -> Pin<Box<dyn HyperSleep>> {
        Box::pin(IdleSleep {
            connection: Arc::clone(&self.0),
            sleep: sleep_until(deadline.into()),
        })
    }

    /// Leaves the timer as it is: when it ends, it finds out by itself that the connection has worked
    /// meanwhile. To move it for each request would cost more.
    fn reset(&self, _sleep: &mut Pin<Box<dyn HyperSleep>>, _deadline: time::Instant) {}

    fn now(&self) -> time::Instant {
        Instant::now().into_std()
    }
}

impl Future for IdleSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            ready!(this.sleep.as_mut().poll(task));
            let now = Instant::now();
            let deadline = this.connection.idle_since().unwrap_or(now) + HEAD_TIMEOUT;
            if deadline <= now {
                return Poll::Ready(());
            }
            this.sleep.as_mut().reset(deadline);
        }
    }
}

impl HyperSleep for IdleSleep {}

/// The stream of a connection.
#[derive(Debug)]
pub(crate) struct TimedStream<S> {
    stream: S,
    connection: Arc<Connection>,
    blocked: Option<Blocked>,
    /// Set while a part of an answer waits that a TLS session has taken and not yet sent.
    flushing: Option<Busy>,
}

/// A write that waits for the client. The connection is busy for as long.
#[derive(Debug)]
struct Blocked {
    deadline: Pin<Box<Sleep>>,
    _busy: Busy,
}

impl<S> TimedStream<S> {
    pub(crate) const fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            connection,
            blocked: None,
            flushing: None,
        }
    }

    /// Passes the outcome of a write on, unless it has waited for too long.
    fn in_time(
        &mut self,
        written: Poll<io::Result<usize>>,
        task: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.blocked = None;
            return written;
        }
        let blocked = self.blocked.get_or_insert_with(|| Blocked {
            deadline: Box::pin(sleep(WRITE_TIMEOUT)),
            _busy: self.connection.busy(),
        });
        ready!(blocked.deadline.as_mut().poll(task));
        let error = "the client has read nothing for too long";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error)))
    }
}

impl<S: AsyncRead + AsFd + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(task, buffer);
        if buffer.filled().len() > filled {
            self.connection.has_read();
        }
        if read.is_pending() && self.connection.gives_way(&self.stream) {
            let error = "an idle connection gives way";
            return Poll::Ready(Err(io::Error::other(error)));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.in_time(written, task)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, slices);
        self.in_time(written, task)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let flushed = Pin::new(&mut this.stream).poll_flush(task);
        if flushed.is_ready() {
            this.flushing = None;
        } else {
            this.flushing.get_or_insert_with(|| this.connection.busy());
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
    use tokio::net::UnixStream;

    use super::*;
    use crate::connections::Connections;

    #[tokio::test(start_paused = true)]
    async fn a_write_without_progress_ends_in_time_and_keeps_the_connection_busy() {
        let place = Connections::new(1, 1).take_place();
        let (ours, theirs) = tokio::io::duplex(16);
        let mut stream = TimedStream::new(ours, Arc::clone(&place.connection));
        stream.write_all(&[0; 16]).await.unwrap();
        tokio::time::advance(2 * WRITE_TIMEOUT).await;
        assert!(place.connection.idle_since().is_some(), "nothing waits");
        let begun = Instant::now();
        let writing = tokio::spawn(async move {
            let error = stream.write_all(b"more").await.unwrap_err();
            (error.kind(), begun.elapsed())
        });
        tokio::time::sleep(WRITE_TIMEOUT / 2).await;
        assert!(place.connection.idle_since().is_none(), "a write waits");
        let (kind, waited) = writing.await.unwrap();
        assert_eq!(kind, io::ErrorKind::TimedOut);
        assert!(waited >= WRITE_TIMEOUT && waited < WRITE_TIMEOUT + Duration::from_secs(1));
        assert!(place.connection.idle_since().is_some(), "given up");
        drop(theirs);
    }

    #[tokio::test]
    async fn what_a_stream_has_taken_and_not_yet_sent_keeps_the_connection_busy() {
        let place = Connections::new(1, 1).take_place();
        let (ours, mut theirs) = tokio::io::duplex(16);
        let session = BufWriter::new(ours);
        let mut stream = TimedStream::new(session, Arc::clone(&place.connection));
        stream.write_all(&[0; 32]).await.unwrap();
        assert!(stream.flush().now_or_never().is_none());
        assert!(!place.connection.is_idle());
        let mut taken = [0; 32];
        let (flushed, read) = tokio::join!(stream.flush(), theirs.read_exact(&mut taken));
        flushed.and(read).unwrap();
        assert!(place.connection.is_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_that_makes_progress_is_not_cut() {
        let place = Connections::new(1, 1).take_place();
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut stream = TimedStream::new(ours, Arc::clone(&place.connection));
        let writing = tokio::spawn(async move { stream.write_all(&[0; 160]).await });
        let mut chunk = [0; 16];
        for _ in 0..10 {
            tokio::time::sleep(WRITE_TIMEOUT * 99 / 100).await;
            theirs.read_exact(&mut chunk).await.unwrap();
        }
        writing.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_for_a_head_counts_from_the_last_byte_of_the_answer() {
        let place = Connections::new(1, 1).take_place();
        let timer = HeadTimer(Arc::clone(&place.connection));
        let begun = Instant::now();
        let head = timer.sleep(HEAD_TIMEOUT);
        let busy = place.connection.busy();
        tokio::spawn(async move {
            tokio::time::sleep(3 * HEAD_TIMEOUT / 2).await;
            drop(busy);
        });
        head.await;
        assert_eq!(begun.elapsed().as_secs(), (5 * HEAD_TIMEOUT / 2).as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_stream_gives_way_when_it_is_asked() {
        let connections = Connections::new(1, 1);
        let place = connections.place().await;
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut stream = TimedStream::new(ours, Arc::clone(&place.connection));
        let _next = connections.place().await;
        assert!(stream.read_u8().await.is_err());
        assert_eq!(connections.count(), 2);
        theirs.write_all(b"G").await.unwrap();
        drop(place);
        assert_eq!(connections.count(), 1);
    }
}
