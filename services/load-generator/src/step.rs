//! What a user can do in the shop.

use crate::endpoint::Endpoint;

/// A step: one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All products.
    List,
    /// One product.
    Look(String),
    /// A product that does not exist.
    LookForNothing,
    /// An order.
    Buy { product: String, quantity: u32 },
    /// More stock. No user chooses it: it follows an order that found too little.
    Restock(String),
}

impl Step {
    pub(crate) const fn endpoint(&self) -> Endpoint {
        match self {
            Self::List => Endpoint::List,
            Self::Look(_) | Self::LookForNothing => Endpoint::Detail,
            Self::Buy { .. } => Endpoint::Order,
            Self::Restock(_) => Endpoint::Restock,
        }
    }
}
