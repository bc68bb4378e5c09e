//! The body of a request on its way to a peer: whether any of it has been asked for, how far it
//! has come, and that it stays below the limit.
//!
//! Without it a client that sends too slowly, too much, or breaks off would look like a peer that
//! fails, and a request that was never written like one that was. A body that may have to be sent again is
//! kept as it passes; that costs no copy, and the limit bounds it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use api::Problem;
use axum::body::{Body, Bytes};
use body::{Polled, Watch, Watched};
use http_body::Body as _;
use parking_lot::Mutex;
use tokio::time::Instant;

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
pub(crate) struct Progress(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    stage: AtomicU8,
    kept: Option<Mutex<Kept>>,
}

/// What has passed of a body.
#[derive(Debug, Default)]
struct Kept {
    parts: Vec<Bytes>,
    /// When the last part passed.
    complete: Option<Instant>,
}

impl Progress {
    fn new(stage: Stage, keep: bool) -> Self {
        let (stage, kept) = (AtomicU8::new(stage as u8), keep.then(Mutex::default));
        Self(Arc::new(Shared { stage, kept }))
    }

    /// The whole body, if it was to be kept and all of it has passed.
    pub(crate) fn copy(&self) -> Option<Body> {
        let kept = self.0.kept.as_ref()?.lock();
        if self.stage() != Stage::Complete {
            return None;
        }
        Some(match &*kept.parts {
            [] => Body::empty(),
            [whole] => Body::from(whole.clone()),
            parts => Body::from(parts.concat()),
        })
    }

    /// When the last part of a body passed that was to be kept; none if there was nothing to wait for.
    pub(crate) fn completed(&self) -> Option<Instant> {
        self.0.kept.as_ref()?.lock().complete
    }

    fn keep(&self, part: Option<&Bytes>) {
        let Some(kept) = &self.0.kept else { return };
        let mut kept = kept.lock();
        kept.parts.extend(part.cloned());
        kept.complete = Some(Instant::now());
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.0.stage.load(Ordering::Acquire) {
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
            .stage
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    fn set(&self, stage: Stage) {
        self.0.stage.store(stage as u8, Ordering::Release);
    }
}

/// The body of a request with its watch.
pub(crate) type RequestBody = Watched<Body, Upload>;

/// Watches `body`, and cuts it off at [`Problem::BODY_LIMIT`]. What passes is kept if it may have to be sent
/// again.
pub(crate) fn watch(body: Body, keep: bool) -> (RequestBody, Progress) {
    let stage = if body.is_end_stream() {
        Stage::Complete
    } else {
        Stage::Untouched
    };
    let progress = Progress::new(stage, keep);
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
                self.progress.keep(frame.data_ref());
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
        let (mut body, progress) = watch(Body::from("all of it"), false);
        assert_eq!(progress.stage(), Stage::Untouched);
        body.frame().await.unwrap().unwrap();
        assert_eq!(progress.stage(), Stage::Complete);
        assert_eq!(progress.give_up(), Stage::Complete, "too late");
    }

    #[tokio::test]
    async fn of_a_body_given_up_before_it_was_asked_for_nothing_is_sent() {
        let (mut body, progress) = watch(Body::from("all of it"), false);
        assert_eq!(progress.give_up(), Stage::GivenUp);
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(progress.stage(), Stage::GivenUp);
    }

    #[tokio::test]
    async fn a_body_is_cut_off_behind_its_limit_and_no_earlier() {
        let (mut body, progress) = watch(Body::from(vec![0; Problem::BODY_LIMIT]), false);
        body.frame().await.unwrap().unwrap();
        assert_eq!(progress.stage(), Stage::Complete);
        let (mut body, progress) = watch(Body::from(vec![0; Problem::BODY_LIMIT + 1]), false);
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(progress.stage(), Stage::TooLarge);
    }

    #[tokio::test]
    async fn a_body_that_is_kept_can_be_sent_again_once_all_of_it_has_passed() {
        let parts = ["all ", "of ", "it"].map(|part| Ok::<_, std::io::Error>(Bytes::from(part)));
        let parts = Body::from_stream(futures_util::stream::iter(parts));
        let (body, progress) = watch(parts, true);
        assert!(progress.copy().is_none());
        body.collect().await.unwrap();
        for _ in 0..2 {
            let copy = progress.copy().expect("all of it").collect().await.unwrap();
            assert_eq!(copy.to_bytes(), "all of it");
        }
        assert!(progress.completed().is_some());

        let (_, nothing) = watch(Body::empty(), true);
        assert!(nothing.copy().is_some_and(|copy| copy.is_end_stream()));
        let (body, not_kept) = watch(Body::from("all of it"), false);
        body.collect().await.unwrap();
        assert!(not_kept.copy().is_none());
    }

    #[test]
    fn an_empty_body_is_complete_from_the_start() {
        let (_, progress) = watch(Body::empty(), false);
        assert_eq!(progress.give_up(), Stage::Complete);
    }
}
