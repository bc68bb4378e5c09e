//! The endpoints of the shop that are used.

use std::fmt;
use std::str::FromStr;

/// An endpoint: method and route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    List,
    Detail,
    Order,
    Restock,
}

impl Endpoint {
    const ALL: [Self; 4] = [Self::List, Self::Detail, Self::Order, Self::Restock];

    /// Method and route, as in the report and in thresholds.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::List => "GET /api/products",
            Self::Detail => "GET /api/products/{id}",
            Self::Order => "POST /api/orders",
            Self::Restock => "PUT /api/inventory/{id}",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(|known| format!("\"{known}\"")).join(", ");
            format!("there is no endpoint \"{text}\"; there are {names}")
        })
    }
}
