//! Money in whole cents. On the wire it is a JSON number with at most two decimals.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Quantity;

/// An amount of money, exact to the cent.
///
/// A price lies between 0.01 and 1,000,000.00 currency units; times a [`Quantity`] of at most
/// 10,000 a total stays below 10^12 cents, far from the limits of `i64` and of the 2^53 up to
/// which a JSON number (an IEEE 754 double, RFC 8259 section 6) holds every cent exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i64);

/// Why a number is not a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a price is a number from 0.01 to 1000000 with at most two decimals")]
pub struct InvalidMoney;

const HIGHEST_PRICE_CENTS: i64 = 100_000_000;

impl Money {
    /// Parses a price.
    ///
    /// A double holds 10.99 only nearly. Cents divided by 100 round to the same double as the
    /// literal did, so the comparison below is exact: it holds for the nearest double of every
    /// number with two decimals, and for nothing else.
    pub fn parse_price(units: f64) -> Result<Self, InvalidMoney> {
        let cents = (units * 100.0).round();
        if !(1.0..=Self(HIGHEST_PRICE_CENTS).cents_as_f64()).contains(&cents) {
            return Err(InvalidMoney);
        }
        #[allow(clippy::cast_possible_truncation)] // at most 10^8, checked above
        let money = Self(cents as i64);
        #[allow(clippy::float_cmp)] // the point of this check
        if money.as_units() == units {
            Ok(money)
        } else {
            Err(InvalidMoney)
        }
    }

    /// An amount of whole cents, as a store keeps it.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount in whole cents.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The amount in currency units, for the wire and for metrics.
    pub fn as_units(self) -> f64 {
        self.cents_as_f64() / 100.0
    }

    /// The price of `quantity` pieces.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> Self {
        Self(self.0 * i64::from(quantity.get()))
    }

    #[allow(clippy::cast_precision_loss)] // below 2^53, see the type
    fn cents_as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_units())
    }
}

impl<'de> Deserialize<'de> for Money {
    /// Reads an amount that a peer wrote: any whole number of cents, since a total may exceed
    /// the highest price. A price from outside goes through [`Money::parse_price`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = f64::deserialize(deserializer)?;
        let cents = (units * 100.0).round();
        #[allow(clippy::cast_possible_truncation)] // saturates, and then differs below
        let money = Self(cents as i64);
        #[allow(clippy::float_cmp)] // exact, see `parse_price`
        if money.as_units() == units {
            Ok(money)
        } else {
            Err(serde::de::Error::custom(
                "an amount has at most two decimals",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_times_ten_ninety_nine_is_thirty_two_ninety_seven_on_the_wire() {
        let price = Money::parse_price(10.99).unwrap();
        let total = price.times(Quantity::try_from(3.0).unwrap());
        assert_eq!(serde_json::to_string(&total).unwrap(), "32.97");
    }

    #[test]
    fn every_cent_of_a_price_survives_the_wire_and_no_third_decimal_passes() {
        for cents in (1..=HIGHEST_PRICE_CENTS)
            .step_by(997)
            .chain([HIGHEST_PRICE_CENTS])
        {
            let text = serde_json::to_string(&Money::from_cents(cents)).unwrap();
            let price = Money::parse_price(text.parse().unwrap()).unwrap();
            assert_eq!(price.cents(), cents, "{text}");
        }
        for refused in [
            0.0,
            -1.0,
            0.001,
            10.999,
            1_000_000.01,
            1e300,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert_eq!(Money::parse_price(refused), Err(InvalidMoney), "{refused}");
        }
    }
}
