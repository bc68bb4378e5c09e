//! A whole number within bounds.

use serde::{Deserialize, Serialize};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Within<const MIN: u64, const MAX: u64>(u64);

/// The number is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not a number from {min} to {max}")]
pub struct OutOfBounds {
    found: u64,
    min: u64,
    max: u64,
}

impl<const MIN: u64, const MAX: u64> TryFrom<u64> for Within<MIN, MAX> {
    type Error = OutOfBounds;

    fn try_from(number: u64) -> Result<Self, OutOfBounds> {
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(OutOfBounds {
                found: number,
                min: MIN,
                max: MAX,
            })
        }
    }
}

impl<const MIN: u64, const MAX: u64> From<Within<MIN, MAX>> for u64 {
    fn from(number: Within<MIN, MAX>) -> Self {
        number.0
    }
}
