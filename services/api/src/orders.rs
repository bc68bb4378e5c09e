//! Orders on the wire.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Money, OrderId, ProductId, ProductName, Quantity};

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The product.
    pub product_id: ProductId,
    /// The product's name when the order was made.
    pub product_name: ProductName,
    /// The pieces ordered.
    pub quantity: Quantity,
    /// The price of one piece when the order was made, in currency units.
    pub unit_price: Money,
    /// The price of all pieces, in currency units.
    pub total_price: Money,
    /// How far the order has come.
    pub status: OrderStatus,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-11-24T08:15:30.123Z")]
    pub created_at: String,
    /// The trace in which it was made.
    #[schema(
        pattern = "^[0-9a-f]{32}$",
        example = "4bf92f3577b34da6a3ce929d0e0e4736"
    )]
    pub trace_id: String,
}

/// How far an order has come. Only `PENDING` changes, and only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderStatus {
    /// Stored; whether its stock is reserved is not known yet.
    Pending,
    /// Its stock is reserved.
    Created,
    /// There was not enough stock; nothing is reserved.
    Rejected,
}

/// Why a text is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is PENDING, CREATED or REJECTED")]
pub struct InvalidOrderStatus;

impl OrderStatus {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Created => "CREATED",
            Self::Rejected => "REJECTED",
        }
    }
}

impl FromStr for OrderStatus {
    type Err = InvalidOrderStatus;

    fn from_str(text: &str) -> Result<Self, InvalidOrderStatus> {
        [Self::Pending, Self::Created, Self::Rejected]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidOrderStatus)
    }
}

/// A new order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// The product.
    pub product_id: ProductId,
    /// The pieces wanted.
    pub quantity: Quantity,
}
