//! The extractor of a JSON body, which answers anything else with a [`Problem`].

use std::time::Duration;

use api::Problem;
use axum::Json;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use deadline::Deadline;
use http_body::Body as _;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::buffers::{self, Buffers};
use crate::object::Object;

/// A body of 64 KiB takes half of this time over the slowest line worth serving (100 kbit/s).
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A JSON object of type `T` as the body: 415 for another content type, 413 when it is larger than
/// [`Problem::BODY_LIMIT`], 408 when it comes too slowly, 503 when too many bodies are being
/// received, 400 when it is malformed or not a `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        // A client that declares a body that is too large need not send it.
        let limit = u64::try_from(Problem::BODY_LIMIT).unwrap_or(u64::MAX);
        let size = request.body().size_hint();
        if size.lower() > limit {
            return Err(Problem::payload_too_large());
        }
        let deadline = Instant::now() + BODY_TIMEOUT;
        // A body that is not there when the time of the request is over is its sender's doing, and no work
        // that took too long.
        let of_request = Deadline::current().map(Deadline::instant);
        let deadline = of_request.map_or(deadline, |end| end.min(deadline));
        let buffers = request.extensions().get::<Buffers>().cloned();
        let largest = size.upper().unwrap_or(limit);
        let room = buffers.unwrap_or_default();
        let room = timeout_at(deadline, room.room_for_body(largest)).await;
        let _room = room.map_err(|_| buffers::spent())?;
        DefaultBodyLimit::max(Problem::BODY_LIMIT).apply(&mut request);
        let body = Json::<Object<T>>::from_request(request, state);
        // A body that is complete never times out: it is polled before the clock is.
        match timeout_at(deadline, body).await {
            Ok(Ok(Json(Object(value)))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(problem(&rejection)),
            Err(_) => Err(Problem::request_timeout()),
        }
    }
}

fn problem(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Problem::unsupported_media_type(),
        JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(
            FailedToBufferBody::LengthLimitError(_),
        )) => Problem::payload_too_large(),
        JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
            // The parser's own message names the field and the place; axum's say less.
            let mut reason: &dyn std::error::Error = rejection;
            while let Some(source) = reason.source() {
                reason = source;
            }
            Problem::bad_request(format!("The body is not what this path takes: {reason}."))
        }
        _ => Problem::bad_request("The body could not be read to its end."),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::IntoResponse;
    use http::{StatusCode, header};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Empty {}

    async fn received(length: usize, buffers: Buffers) -> Result<(), StatusCode> {
        let body = format!("{{}}{:width$}", "", width = length - 2);
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(buffers)
            .body(Body::from(body))
            .unwrap();
        let received = JsonBody::<Empty>::from_request(request, &()).await;
        received
            .map(|_| ())
            .map_err(|problem| problem.into_response().status())
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_for_which_there_is_no_room_in_time_is_503_and_a_small_one_passes() {
        let begun = Instant::now();
        let refused = Err(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(received(5000, Buffers::new(0)).await, refused);
        assert!(begun.elapsed() >= BODY_TIMEOUT);
        assert_eq!(received(4096, Buffers::new(0)).await, Ok(()));
        assert_eq!(received(5000, Buffers::new(8192)).await, Ok(()));
    }
}
