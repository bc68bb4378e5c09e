//! The key by which a repeated order is recognised.

use std::str::FromStr;

use http::{HeaderMap, Method};

use crate::endpoints;

/// The value of `Idempotency-Key` on `POST /orders`: 1 to 255 visible ASCII characters
/// (draft-ietf-httpapi-idempotency-key-header; 255 as those who implement the draft have it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a header is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key has 1 to 255 visible ASCII characters and appears once")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The name of the header.
    pub const HEADER: &str = "idempotency-key";

    /// The key of a request, if it has one.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, InvalidIdempotencyKey> {
        let mut values = headers.get_all(Self::HEADER).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                let text = value.to_str().map_err(|_| InvalidIdempotencyKey)?;
                text.parse().map(Some)
            }
            (Some(_), Some(_)) => Err(InvalidIdempotencyKey),
        }
    }

    /// Whether a repetition of this operation is recognised by its key: an order's is, at the service and
    /// at the gateway.
    pub fn is_known_to(method: &Method, template: &str) -> bool {
        let create = &endpoints::CREATE_ORDER;
        *method == create.method && [create.path, create.upstream_path()].contains(&template)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let well_formed =
            (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidIdempotencyKey)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_an_order_is_recognised_by_its_key() {
        for template in ["/orders", "/api/orders"] {
            assert!(IdempotencyKey::is_known_to(&Method::POST, template));
            assert!(!IdempotencyKey::is_known_to(&Method::PUT, template));
        }
        assert!(!IdempotencyKey::is_known_to(&Method::POST, "/products"));
    }

    #[test]
    fn a_key_is_visible_ascii_and_appears_once() {
        let mut headers = HeaderMap::new();
        assert_eq!(IdempotencyKey::from_headers(&headers), Ok(None));
        headers.append(IdempotencyKey::HEADER, HeaderValue::from_static("once"));
        assert_eq!(
            IdempotencyKey::from_headers(&headers)
                .unwrap()
                .unwrap()
                .as_str(),
            "once"
        );
        headers.append(IdempotencyKey::HEADER, HeaderValue::from_static("twice"));
        assert!(IdempotencyKey::from_headers(&headers).is_err());
        for refused in ["", "a b", "ü", &"k".repeat(256)] {
            assert!(refused.parse::<IdempotencyKey>().is_err(), "{refused:?}");
        }
    }
}
