//! The extractor of an id in the path.

use std::str::FromStr;

use api::Problem;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

/// An id in the path. Text that is not an id names nothing: 404.
///
/// Not axum's `Path<T>`, which answers 400 in plain text; axum-extra's `WithRejection` would turn
/// that into a problem, for a crate and a conversion in place of these lines.
#[derive(Debug)]
pub struct IdPath<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for IdPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(Problem::unknown_path)
    }
}
