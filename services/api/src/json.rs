//! The extractor of a JSON body, which answers a [`Problem`] for all that is none.

use axum::Json;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection};
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::Problem;

/// A JSON body of type `T`: 415 for another content type, 413 when it is larger than the
/// server's limit, 408 when it comes too slowly, 400 when it is malformed or no `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(problem(rejection)),
        }
    }
}

fn problem(rejection: JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Problem::unsupported_media_type(),
        JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(
            FailedToBufferBody::LengthLimitError(_),
        )) => Problem::payload_too_large(),
        JsonRejection::JsonDataError(error) => Problem::bad_request(reason(&error)),
        JsonRejection::JsonSyntaxError(error) => Problem::bad_request(reason(&error)),
        _ => Problem::bad_request("The body could not be read to its end."),
    }
}

/// The parser's own words, which name the field and the place; axum's wrapping says less.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    format!("The body is not what this path takes: {cause}.")
}
