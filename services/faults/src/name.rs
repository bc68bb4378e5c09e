//! The name of a fault.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a fault: 1 to 40 of `a-z`, `0-9` and `-`. It is a label of metrics, so it is short
/// and plain; it comes from the operator's file alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

/// The text is no name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a name of a fault: 1 to 40 of a-z, 0-9 and -")]
pub struct InvalidName(String);

impl Name {
    const MAX_LENGTH: usize = 40;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(InvalidName(text))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        let longest = "a".repeat(40);
        for text in ["a", "slow-look-ups", "9", &longest] {
            assert!(Name::try_from(text.to_owned()).is_ok(), "{text}");
        }
        let too_long = "a".repeat(41);
        for text in ["", "Slow", "slow look", "slow_look", "é", "a\"", &too_long] {
            assert!(Name::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
