//! A body of an HTTP message that is observed while it passes: to count it, to cut it off, to know
//! when it has ended and how.
//!
//! A [`Watch`] sees each frame as it passes. Everything else that a body has to say, its end and its
//! size, is the inner body's.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// What comes of asking a body for its next frame.
pub type Polled<E> = Poll<Option<Result<Frame<Bytes>, E>>>;

/// Sees each frame of a body, and may answer something else in its place.
pub trait Watch<B: Body<Data = Bytes>> {
    /// The error of the watched body.
    type Error;

    /// Asks `body` for its next frame, and says what becomes of it.
    fn poll_frame(&mut self, body: Pin<&mut B>, task: &mut Context<'_>) -> Polled<Self::Error>;
}

/// A body with its watch.
#[derive(Debug)]
pub struct Watched<B, W> {
    body: B,
    watch: W,
}

impl<B, W> Watched<B, W> {
    /// Has `watch` see every frame of `body`.
    pub const fn new(body: B, watch: W) -> Self {
        Self { body, watch }
    }
}

impl<B, W> Body for Watched<B, W>
where
    B: Body<Data = Bytes> + Unpin,
    W: Watch<B> + Unpin,
{
    type Data = Bytes;
    type Error = W::Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Polled<W::Error> {
        let this = self.get_mut();
        this.watch.poll_frame(Pin::new(&mut this.body), task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
