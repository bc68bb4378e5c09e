//! Whole numbers of pieces: what an order asks for, and what a shelf holds.

use serde::{Deserialize, Deserializer, Serialize};

/// The pieces of one order: a whole number from 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Quantity(u32);

/// The pieces on the shelf: a whole number from 0 to 1,000,000,000. The upper bound keeps sums
/// over many products far from overflow and catches a digit too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stock(u32);

/// Why a number is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("quantity is a whole number from {lowest} to {highest}")]
pub struct InvalidQuantity {
    lowest: u32,
    highest: u32,
}

impl Quantity {
    /// A quantity as a store keeps it.
    pub const fn from_stored(pieces: u32) -> Self {
        Self(pieces)
    }

    pub(crate) const LOWEST: u32 = 1;
    pub(crate) const HIGHEST: u32 = 10_000;

    /// The number of pieces.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Stock {
    /// A stock as a store keeps it. Pieces that are given back may lift a full shelf above the bound.
    pub const fn from_stored(pieces: u32) -> Self {
        Self(pieces)
    }

    pub(crate) const LOWEST: u32 = 0;
    pub(crate) const HIGHEST: u32 = 1_000_000_000;

    /// The number of pieces.
    pub const fn get(self) -> u32 {
        self.0
    }
}

fn whole(number: f64, lowest: u32, highest: u32) -> Result<u32, InvalidQuantity> {
    let range = f64::from(lowest)..=f64::from(highest);
    if range.contains(&number) && number.fract() == 0.0 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // in range, checked
        Ok(number as u32)
    } else {
        Err(InvalidQuantity { lowest, highest })
    }
}

impl TryFrom<f64> for Quantity {
    type Error = InvalidQuantity;

    /// JSON has one kind of number (RFC 8259 section 6), so `3.0` is 3.
    fn try_from(number: f64) -> Result<Self, InvalidQuantity> {
        whole(number, Self::LOWEST, Self::HIGHEST).map(Self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl TryFrom<f64> for Stock {
    type Error = InvalidQuantity;

    /// JSON has one kind of number (RFC 8259 section 6), so `3.0` is 3.
    fn try_from(number: f64) -> Result<Self, InvalidQuantity> {
        whole(number, Self::LOWEST, Self::HIGHEST).map(Self)
    }
}

impl<'de> Deserialize<'de> for Stock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_whole_and_within_one_and_ten_thousand() {
        for (text, expected) in [("1", 1), ("10000", 10_000), ("3.0", 3), ("1e2", 100)] {
            assert_eq!(
                serde_json::from_str::<Quantity>(text).unwrap().get(),
                expected
            );
        }
        for text in [
            "0", "-1", "1.5", "10001", "1e400", "\"3\"", "null", "true", "[1]",
        ] {
            assert!(serde_json::from_str::<Quantity>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_shelf_may_be_empty_but_never_below() {
        assert_eq!(serde_json::from_str::<Stock>("0").unwrap().get(), 0);
        assert!(serde_json::from_str::<Stock>("-1").is_err());
    }
}
