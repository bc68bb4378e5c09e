//! The body of an answer on its way from a peer: the record of its request ends with it, and its
//! time is bounded.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use body::{Polled, Watch, Watched};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::PeerError;
use crate::record::Record;

/// The body of an answer with its watch.
pub(crate) type ResponseBody = Watched<Incoming, Download>;

/// Bounds the body until `deadline`, and ends `record` with it.
pub(crate) fn watch(body: Incoming, record: Record, deadline: Instant) -> ResponseBody {
    let download = Download {
        record,
        deadline,
        sleep: None,
    };
    Watched::new(body, download)
}

#[derive(Debug)]
pub(crate) struct Download {
    record: Record,
    deadline: Instant,
    /// Made when the body is first waited for, which most never are.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Watch<Incoming> for Download {
    type Error = PeerError;

    fn poll_frame(
        &mut self,
        body: Pin<&mut Incoming>,
        task: &mut Context<'_>,
    ) -> Polled<PeerError> {
        let peer = self.record.peer();
        let error = match body.poll_frame(task) {
            Poll::Ready(Some(Err(error))) => PeerError::BrokenOff {
                peer,
                source: Box::new(error),
            },
            Poll::Ready(Some(Ok(frame))) => return Poll::Ready(Some(Ok(frame))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                let deadline = self.deadline;
                let sleep = self
                    .sleep
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
                ready!(sleep.as_mut().poll(task));
                PeerError::Timeout { peer }
            }
        };
        self.record.failed(&error);
        Poll::Ready(Some(Err(error)))
    }
}
