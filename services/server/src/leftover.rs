//! What a handler left of a request's body.
//!
//! Whoever answers before the body has come, and closes, may break the line while the client is
//! still sending; the client then sees a broken line in place of the answer. So the rest is read
//! first, and thrown away. Where it is too much, or too slow, the answer says that the
//! connection ends with it (RFC 9112 section 9.6).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use api::Problem;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use tokio::sync::oneshot;

/// How long to wait for the rest of a body that nobody wants. What a client has sent by the time
/// of the answer is here within milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The layer.
pub(crate) async fn read_leftover(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // To read on would be to ask for what the client offers to keep (RFC 9110 section 10.1.1).
    let waits_to_be_asked = request.headers().contains_key(header::EXPECT);
    let (given_back, leftover) = oneshot::channel();
    let request = request.map(|body| {
        Body::new(Lent {
            body,
            owner: Some(given_back),
        })
    });
    let mut response = next.run(request).await;
    let in_vain = waits_to_be_asked || response.status() == StatusCode::REQUEST_TIMEOUT;
    let read = async {
        match leftover.await {
            Ok(_) if in_vain => false,
            Ok(rest) => read_to_end(rest).await,
            Err(_) => true,
        }
    };
    if !tokio::time::timeout(PATIENCE, read).await.unwrap_or(false) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
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

/// A body that goes back to its owner when it is dropped before its end.
struct Lent {
    body: Body,
    owner: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(task);
        let over = matches!(frame, Poll::Ready(None | Some(Err(_))));
        if over || self.body.is_end_stream() {
            self.owner = None;
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

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take() {
            // An owner that is gone wants it no more.
            let _ = owner.send(std::mem::take(&mut self.body));
        }
    }
}
