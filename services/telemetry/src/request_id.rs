//! The id of a request, which goes with it through every service.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The value of `X-Request-Id`: 1 to 128 of `A-Z a-z 0-9 . _ -`. Nothing in it has to be
/// escaped in a header or a log; 128 holds every id format in common use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

/// The text is not a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request id has 1 to 128 characters: letters, digits, '.', '_' and '-'")]
pub struct InvalidRequestId;

impl RequestId {
    /// The name of the header.
    pub const HEADER: &str = "x-request-id";

    /// A new id: a UUIDv7 (RFC 9562), so that ids sort by time.
    pub fn new_unique() -> Self {
        Self(Arc::from(
            uuid::Uuid::now_v7().hyphenated().encode_lower(&mut [0; 36]) as &str,
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        let well_formed = (1..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if well_formed {
            Ok(Self(Arc::from(text)))
        } else {
            Err(InvalidRequestId)
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_need_no_escaping_are_taken() {
        for text in [
            "a",
            "01939f8e-5f5a-7cc3-98c4-dc0c0c07398f",
            "A.b_c",
            &"x".repeat(128),
        ] {
            assert_eq!(text.parse::<RequestId>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "a b",
            "a\nb",
            "a:b",
            "ü",
            "\u{1b}[31m",
            &"x".repeat(129),
        ] {
            assert_eq!(text.parse::<RequestId>(), Err(InvalidRequestId), "{text:?}");
        }
    }

    #[test]
    fn a_new_id_is_well_formed() {
        let id = RequestId::new_unique();
        assert_eq!(id.as_str().parse(), Ok(id));
    }
}
