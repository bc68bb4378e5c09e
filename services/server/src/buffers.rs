//! A bound on the bodies that a service holds whole in memory.
//!
//! A client that sends its body slowly, or reads its answer slowly, makes the service keep what it
//! has of it. All such bytes together have one budget, [`Limits::buffered_bytes`]: a request whose
//! body finds no room waits for it, an answer that finds none is a 503 instead. Small ones are not
//! counted, since a connection may hold them anyway ([`Limits::connection_bytes`]).

use std::sync::Arc;

use api::Problem;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// The largest request body that is not counted: an order has a tenth of it, and beside the longest
/// head it still fits into what a connection may hold.
const SMALL_BODY: u64 = 4 * 1024;

/// The largest answer that is not counted. By the time of the answer the head of the request has
/// been dropped, so it may take the head's place.
const SMALL_ANSWER: u64 = 16 * 1024;

/// How many seconds a client should wait when the budget is spent. A client that reads nothing
/// gives its part back within ten, and it is only one of many.
const RETRY_AFTER: u16 = 1;

/// The bytes that may still be buffered, in KiB: a semaphore's permits are 32 bits where `usize` is.
#[derive(Clone, Debug)]
pub(crate) struct Buffers(Arc<Semaphore>);

/// Room for a body, until it is dropped. None: the body is too small to count.
type Room = Option<OwnedSemaphorePermit>;

/// The bytes of an answer. They count until the last part of them has been written.
struct Counted {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Buffers {
    /// A budget of this many bytes.
    pub(crate) fn new(bytes: u32) -> Self {
        Self(Arc::new(Semaphore::new((bytes / 1024) as usize)))
    }

    /// Waits until there is room for a request's body of at most so many bytes.
    pub(crate) async fn room_for_body(&self, bytes: u64) -> Room {
        if bytes <= SMALL_BODY {
            return None;
        }
        let semaphore = Arc::clone(&self.0);
        // It is never closed.
        semaphore.acquire_many_owned(kibibytes(bytes)).await.ok()
    }

    /// Gives the budget to the handler of a request that may have a body.
    pub(crate) fn lend(&self, request: &mut Request) {
        if !request.method().is_safe() {
            request.extensions_mut().insert(self.clone());
        }
    }

    /// The answer to a request of this method, counted if need be; 503 when there is no room for it.
    pub(crate) async fn count(&self, method: &Method, response: Response) -> Response {
        // What has been changed is not taken back, and the answer to it is small.
        if !method.is_safe() {
            return response;
        }
        let admitted = self.admit(response).await;
        admitted.unwrap_or_else(|| spent().into_response())
    }

    /// The same answer, counted if it is whole in memory and large; none when there is no room.
    async fn admit(&self, response: Response) -> Option<Response> {
        // A handler that passes a body on piece by piece says its length itself. For one that is
        // whole the router does, later.
        let streamed = response.headers().contains_key(header::CONTENT_LENGTH);
        let bytes = response.body().size_hint().exact();
        let Some(bytes) = bytes.filter(|bytes| !streamed && *bytes > SMALL_ANSWER) else {
            return Some(response);
        };
        let semaphore = Arc::clone(&self.0);
        let room = semaphore.try_acquire_many_owned(kibibytes(bytes)).ok()?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        let counted = Bytes::from_owner(Counted { bytes, _room: room });
        Some(Response::from_parts(head, Body::from(counted)))
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new(Limits::get().buffered_bytes)
    }
}

/// 503: the budget is spent.
pub(crate) fn spent() -> Problem {
    Problem::unavailable(
        "Too many clients are sending or reading slowly. Nothing was done; try again.",
        RETRY_AFTER,
    )
}

fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    const ANSWER: usize = 20 * 1024;

    fn answer(length: usize) -> Response {
        vec![b'x'; length].into_response()
    }

    fn left(buffers: &Buffers) -> usize {
        buffers.0.available_permits()
    }

    #[tokio::test]
    async fn a_large_answer_counts_until_its_last_byte_is_dropped() {
        let buffers = Buffers::new(32 * 1024);
        let first = buffers.admit(answer(ANSWER)).await.unwrap();
        assert_eq!(first.body().size_hint().exact(), Some(ANSWER as u64));
        assert_eq!(left(&buffers), 12);
        assert!(buffers.admit(answer(ANSWER)).await.is_none(), "no room");
        let small = buffers.admit(answer(16 * 1024)).await;
        assert!(small.is_some(), "a small one needs none");
        let mut bytes = first.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes, vec![b'x'; ANSWER]);
        let rest = bytes.split_off(ANSWER - 1);
        drop(bytes);
        assert_eq!(left(&buffers), 12, "a byte is still to be written");
        drop(rest);
        assert_eq!(left(&buffers), 32);
        assert!(buffers.admit(answer(ANSWER)).await.is_some());
    }

    #[tokio::test]
    async fn an_answer_that_is_passed_on_piece_by_piece_does_not_count() {
        let buffers = Buffers::new(0);
        let mut streamed = answer(ANSWER);
        let length = HeaderValue::from(ANSWER);
        streamed
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        assert!(buffers.admit(streamed).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_waits_for_room_and_a_small_one_does_not() {
        let buffers = Buffers::new(64 * 1024);
        let first = buffers.room_for_body(60 * 1024).await;
        let minute = Duration::from_mins(1);
        let second = tokio::time::timeout(minute, buffers.room_for_body(5 * 1024)).await;
        assert!(second.is_err(), "{second:?}");
        assert!(buffers.room_for_body(4 * 1024).await.is_none());
        drop(first);
        assert!(buffers.room_for_body(5 * 1024).await.is_some());
    }
}
