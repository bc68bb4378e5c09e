//! The body of an answer on its way from a peer: the record of its request ends with it, and its
//! time is bounded.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use body::{Polled, Watch, Watched};
use http_body::Body;
use tokio::time::{Instant, Sleep};

use crate::PeerError;
use crate::connections::Received;
use crate::record::Record;

/// The body of an answer with its watch.
pub(crate) type ResponseBody = Watched<Received, Download>;

/// Bounds the body until `deadline`, and ends `record` with it.
pub(crate) fn watch<B>(body: B, record: Record, deadline: Instant) -> Watched<B, Download> {
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

impl<B> Watch<B> for Download
where
    B: Body<Data = Bytes, Error: Error + Send + Sync + 'static>,
{
    type Error = PeerError;

    fn poll_frame(&mut self, body: Pin<&mut B>, task: &mut Context<'_>) -> Polled<PeerError> {
        let peer = self.record.peer();
        let error = match body.poll_frame(task) {
            Poll::Ready(Some(Err(error))) => PeerError::BrokenOff {
                peer,
                source: Box::new(error),
            },
            // Here as well: a peer that always has more never lets the timer be asked.
            Poll::Ready(Some(Ok(_))) if Instant::now() >= self.deadline => {
                PeerError::Timeout { peer }
            }
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::Duration;

    use http::Method;
    use http_body::Frame;
    use http_body_util::BodyExt;
    use opentelemetry::Context as Trace;
    use prometheus::Registry;
    use telemetry::metrics::ClientMetrics;

    use super::*;
    use crate::Route;

    /// A body that always has another part.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled<Infallible> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"more")))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_pauses_is_cut_off_at_the_deadline_and_no_earlier() {
        let route = Route::new(Method::GET, "/orders");
        let metrics = Arc::new(ClientMetrics::new(&Registry::new()).unwrap());
        let record = Record::begin("order-service", route, Trace::new(), metrics);
        let bound = Duration::from_secs(10);
        let mut body = watch(Endless, record, Instant::now() + bound);
        tokio::time::advance(bound.saturating_sub(Duration::from_millis(1))).await;
        assert!(body.frame().await.unwrap().is_ok());
        tokio::time::advance(Duration::from_millis(1)).await;
        let error = body.frame().await.unwrap().unwrap_err();
        assert!(matches!(error, PeerError::Timeout { .. }), "{error}");
    }
}
