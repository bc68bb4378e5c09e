//! The body of a request on its way to a peer: whether any of it has been asked for, how far it
//! has come, and that it stays below the limit.
//!
//! Without it a client that sends too slowly, too much, or breaks off would look like a peer that
//! fails, and a request that was never written like one that was.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use api::Problem;
use axum::body::{Body, Bytes};
use body::{Polled, Watch, Watched};
use http_body::Body as _;

/// How far a body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// Nobody has asked for any of it. Since hyper asks for the body before it writes the head,
    /// nothing of the request has been written.
    Untouched,
    /// Its sender has not sent the next part yet.
    Awaited,
    /// A part was passed on, and the next has not been asked for.
    Passing,
    /// All of it was passed on.
    Complete,
    /// Its sender broke off.
    Broken,
    /// It was cut off at the limit.
    TooLarge,
    /// It was given up while untouched: none of it will be passed on any more.
    GivenUp,
}

/// How far a body has come that the task of the connection sends.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<AtomicU8>);

impl Progress {
    fn new(stage: Stage) -> Self {
        Self(Arc::new(AtomicU8::new(stage as u8)))
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.0.load(Ordering::Acquire) {
            0 => Stage::Untouched,
            1 => Stage::Awaited,
            2 => Stage::Passing,
            3 => Stage::Complete,
            4 => Stage::Broken,
            5 => Stage::TooLarge,
            _ => Stage::GivenUp,
        }
    }

    /// Keeps an untouched body from being sent, from now on; how far it had come. The task of the
    /// connection may reach for it at the same moment, and one of the two wins.
    pub(crate) fn give_up(&self) -> Stage {
        self.leave_untouched(Stage::GivenUp);
        self.stage()
    }

    /// Waits until the next part of the body is awaited when `bound` is over, or after a multiple
    /// of it.
    pub(crate) async fn stalls(&self, bound: Duration) {
        loop {
            tokio::time::sleep(bound).await;
            if self.stage() == Stage::Awaited {
                return;
            }
        }
    }

    fn leave_untouched(&self, stage: Stage) {
        let (from, to) = (Stage::Untouched as u8, stage as u8);
        let _ = self
            .0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    fn set(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Release);
    }
}

/// The body of a request with its watch.
pub(crate) type RequestBody = Watched<Body, Upload>;

/// Watches `body`, and cuts it off at [`Problem::BODY_LIMIT`].
pub(crate) fn watch(body: Body) -> (RequestBody, Progress) {
    let progress = Progress::new(if body.is_end_stream() {
        Stage::Complete
    } else {
        Stage::Untouched
    });
    let upload = Upload {
        left: Problem::BODY_LIMIT,
        progress: progress.clone(),
    };
    (Watched::new(body, upload), progress)
}

#[derive(Debug)]
pub(crate) struct Upload {
    left: usize,
    progress: Progress,
}

/// Why a body is not sent on.
#[derive(Debug, thiserror::Error)]
enum CutOff {
    #[error("the body is larger than the limit")]
    TooLarge,
    #[error("the request was given up")]
    GivenUp,
}

impl Watch<Body> for Upload {
    type Error = axum::Error;

    fn poll_frame(
        &mut self,
        mut body: Pin<&mut Body>,
        task: &mut Context<'_>,
    ) -> Polled<axum::Error> {
        self.progress.leave_untouched(Stage::Awaited);
        if self.progress.stage() == Stage::GivenUp {
            return cut_off(CutOff::GivenUp);
        }
        let frame = body.as_mut().poll_frame(task);
        self.progress.set(match &frame {
            Poll::Pending => Stage::Awaited,
            Poll::Ready(None) => Stage::Complete,
            Poll::Ready(Some(Err(_))) => Stage::Broken,
            Poll::Ready(Some(Ok(frame))) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                let Some(left) = self.left.checked_sub(size) else {
                    self.progress.set(Stage::TooLarge);
                    return cut_off(CutOff::TooLarge);
                };
                self.left = left;
                if body.is_end_stream() {
                    Stage::Complete
                } else {
                    Stage::Passing
                }
            }
        });
        frame
    }
}

fn cut_off(why: CutOff) -> Polled<axum::Error> {
    Poll::Ready(Some(Err(axum::Error::new(why))))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_body_is_untouched_until_it_is_asked_for_and_complete_after_its_last_part() {
        let (mut body, progress) = watch(Body::from("all of it"));
        assert_eq!(progress.stage(), Stage::Untouched);
        body.frame().await.unwrap().unwrap();
        assert_eq!(progress.stage(), Stage::Complete);
        assert_eq!(progress.give_up(), Stage::Complete, "too late");
    }

    #[tokio::test]
    async fn of_a_body_given_up_before_it_was_asked_for_nothing_is_sent() {
        let (mut body, progress) = watch(Body::from("all of it"));
        assert_eq!(progress.give_up(), Stage::GivenUp);
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(progress.stage(), Stage::GivenUp);
    }

    #[tokio::test]
    async fn a_body_is_cut_off_behind_its_limit_and_no_earlier() {
        let (mut body, progress) = watch(Body::from(vec![0; Problem::BODY_LIMIT]));
        body.frame().await.unwrap().unwrap();
        assert_eq!(progress.stage(), Stage::Complete);
        let (mut body, progress) = watch(Body::from(vec![0; Problem::BODY_LIMIT + 1]));
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(progress.stage(), Stage::TooLarge);
    }

    #[test]
    fn an_empty_body_is_complete_from_the_start() {
        let (_, progress) = watch(Body::empty());
        assert_eq!(progress.give_up(), Stage::Complete);
    }
}
