//! Ids of products and orders.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an id has 1 to 64 characters: letters, digits, '.', '_' and '-', the first a letter or digit"
)]
pub struct InvalidId;

/// Nothing that a path, a header, a log or a label would have to escape; the first character
/// keeps `.` and `..` out of paths. 64 holds a UUID with room for prefixes.
fn parse(text: &str) -> Result<Arc<str>, InvalidId> {
    let well_formed = text.len() <= 64
        && text
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if well_formed {
        Ok(Arc::from(text))
    } else {
        Err(InvalidId)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
        #[schema(value_type = String, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", example = $example)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new, unique id: a UUIDv7 (RFC 9562), so that ids sort by time.
            pub fn new_unique() -> Self {
                Self(Arc::from(uuid::Uuid::now_v7().hyphenated().encode_lower(&mut [0; 36]) as &str))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Parses an id: 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// The id of a product.
    ProductId, "product1"
}

id! {
    /// The id of an order. The order service makes UUIDv7; inventory takes any well-formed id.
    OrderId, "01939f8e-5f5a-7cc3-98c4-dc0c0c07398f"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_nothing_that_a_path_or_a_label_must_escape() {
        for text in [
            "product1",
            "a",
            "A.b_c-9",
            &"x".repeat(64),
            "01939f8e-5f5a-7cc3-98c4-dc0c0c07398f",
        ] {
            assert_eq!(text.parse::<ProductId>().unwrap().as_str(), text);
        }
        for text in [
            "",
            ".",
            "..",
            "-a",
            "a/b",
            "a b",
            "a%2fb",
            "é",
            "a\n",
            &"x".repeat(65),
        ] {
            assert_eq!(text.parse::<ProductId>(), Err(InvalidId), "{text:?}");
        }
    }

    #[test]
    fn new_ids_are_well_formed_and_differ() {
        let (first, second) = (OrderId::new_unique(), OrderId::new_unique());
        assert_ne!(first, second);
        assert_eq!(first.as_str().parse::<OrderId>().unwrap(), first);
    }
}
