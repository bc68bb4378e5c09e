//! The extractor of an id in the path.

use api::{OrderId, Problem, ProductId};
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

/// An id that a path names. A text that is no id names nothing: 404.
#[derive(Debug)]
pub struct IdPath<T>(pub T);

/// An id that can stand in a path.
pub trait PathId: Sized {
    /// The id, when the text is one.
    fn parse(text: &str) -> Option<Self>;
}

impl PathId for ProductId {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl PathId for OrderId {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl<T: PathId, S: Send + Sync> FromRequestParts<S> for IdPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| T::parse(&text))
            .map(Self)
            .ok_or_else(Problem::unknown_path)
    }
}
