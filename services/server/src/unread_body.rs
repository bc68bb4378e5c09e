//! The part of a request's body that a handler has not read.
//!
//! A server that answers before the body has come, and closes, may reset the connection while the
//! client is still sending; the client then sees a reset in place of the answer. So the rest is read
//! first and dropped. Where it is too much, or too slow, the answer says that the connection ends
//! with it (RFC 9112 section 9.6).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use api::Problem;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use tokio::sync::oneshot;

/// How long to wait for the rest of a body. What a client has sent by the time of the answer is here
/// within milliseconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// What a handler may leave of the body that it is given.
#[derive(Debug)]
pub(crate) struct Unread {
    /// Comes when the handler drops the body before its end.
    rest: oneshot::Receiver<Body>,
    /// Whether the client waits for 100 Continue: it would be asked for its body by reading on (RFC
    /// 9110 section 10.1.1).
    awaits_continue: bool,
}

/// Has the body of a request come back when its handler drops it before its end; none when there is
/// no body.
pub(crate) fn watch(request: Request) -> (Request, Option<Unread>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let awaits_continue = request.headers().contains_key(header::EXPECT);
    let (returned, rest) = oneshot::channel();
    let request = request.map(|body| {
        Body::new(Returned {
            body,
            to: Some(returned),
        })
    });
    let unread = Unread {
        rest,
        awaits_continue,
    };
    (request, Some(unread))
}

impl Unread {
    /// Reads the rest of the body before the answer goes out, or has the connection end with it.
    pub(crate) async fn drain(self, response: &mut Response) {
        let hopeless = self.awaits_continue || response.status() == StatusCode::REQUEST_TIMEOUT;
        let drained = async {
            match self.rest.await {
                Ok(_) if hopeless => false,
                Ok(rest) => read_to_end(rest).await,
                // The handler has read it to its end.
                Err(_) => true,
            }
        };
        if !tokio::time::timeout(DRAIN_TIMEOUT, drained)
            .await
            .unwrap_or(false)
        {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
    }
}

/// Whether the body came to its end below the limit.
async fn read_to_end(body: Body) -> bool {
    let limit = u64::try_from(Problem::BODY_LIMIT).unwrap_or(u64::MAX);
    if body.size_hint().lower() > limit {
        return false;
    }
    let mut body = Limited::new(body, Problem::BODY_LIMIT);
    loop {
        match body.frame().await {
            None => return true,
            Some(Ok(_)) => {}
            Some(Err(_)) => return false,
        }
    }
}

/// A body that is returned to the layer when the handler drops it before its end. Not a
/// [`body::Watch`], which sees the frames of a body and does not own it.
struct Returned {
    body: Body,
    to: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Returned {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(task);
        let ended = matches!(frame, Poll::Ready(None | Some(Err(_))));
        if ended || self.body.is_end_stream() {
            self.to = None;
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

impl Drop for Returned {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            // A layer that has gone needs it no more.
            let _ = to.send(std::mem::take(&mut self.body));
        }
    }
}
