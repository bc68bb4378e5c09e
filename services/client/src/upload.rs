//! The body of a request on its way to a peer: how far it has come, and that it ends in time to
//! stay below the limit. Without it a client that sends too slowly, too much, or breaks off would
//! look like a peer that fails.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context as TaskContext, Poll};

use api::Problem;
use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// How far a body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Underway,
    Complete,
    Broken,
    TooLarge,
}

/// The state of a body that another task sends.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<AtomicU8>);

impl Progress {
    pub(crate) fn state(&self) -> State {
        match self.0.load(Ordering::Acquire) {
            0 => State::Underway,
            1 => State::Complete,
            2 => State::Broken,
            _ => State::TooLarge,
        }
    }

    fn set(&self, state: State) {
        self.0.store(state as u8, Ordering::Release);
    }
}

/// Watches `body`, and cuts it off at [`Problem::BODY_LIMIT`].
pub(crate) fn watch(body: Body) -> (Body, Progress) {
    let progress = Progress(Arc::new(AtomicU8::new(State::Underway as u8)));
    if body.is_end_stream() {
        progress.set(State::Complete);
        return (body, progress);
    }
    let upload = Upload {
        body,
        left: Problem::BODY_LIMIT,
        progress: progress.clone(),
    };
    (Body::new(upload), progress)
}

struct Upload {
    body: Body,
    left: usize,
    progress: Progress,
}

#[derive(Debug, thiserror::Error)]
#[error("the body is larger than the limit")]
struct TooLarge;

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(task);
        match &frame {
            Poll::Ready(Some(Ok(data))) => {
                let size = data.data_ref().map_or(0, Bytes::len);
                if size > self.left {
                    self.progress.set(State::TooLarge);
                    return Poll::Ready(Some(Err(axum::Error::new(TooLarge))));
                }
                self.left -= size;
                if self.body.is_end_stream() {
                    self.progress.set(State::Complete);
                }
            }
            Poll::Ready(Some(Err(_))) => self.progress.set(State::Broken),
            Poll::Ready(None) => self.progress.set(State::Complete),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
