//! Products on the wire.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{Money, ProductId};

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// The price of one piece, in currency units.
    pub price: Money,
}

/// A new product.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewProduct {
    /// Its name.
    pub name: ProductName,
    /// The price of one piece, in currency units: 0.01 to 1,000,000 with at most two decimals.
    #[serde(deserialize_with = "price")]
    #[schema(value_type = f64, minimum = 0.01, maximum = 1_000_000, multiple_of = 0.01)]
    pub price: Money,
}

/// The name of a product: 1 to 200 characters, none of them a control character, and not
/// blank. 200 is what fits a page's line and a log's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductName(String);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 200 characters, no control characters, and is not blank")]
pub struct InvalidProductName;

impl ProductName {
    pub(crate) const LONGEST: usize = 200;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProductName {
    type Err = InvalidProductName;

    fn from_str(text: &str) -> Result<Self, InvalidProductName> {
        let well_formed = !text.trim().is_empty()
            && text.chars().count() <= Self::LONGEST
            && !text.chars().any(char::is_control);
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidProductName)
        }
    }
}

impl<'de> Deserialize<'de> for ProductName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Money::parse_price(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
