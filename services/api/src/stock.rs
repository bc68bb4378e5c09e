//! Stock and reservations on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{OrderId, ProductId, Quantity, Stock};

/// What is on the shelf of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockLevel {
    /// The product.
    pub product_id: ProductId,
    /// The pieces that can be sold.
    pub quantity: Stock,
}

/// The stock to be set.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct SetStock {
    /// The pieces that can be sold from now on.
    pub quantity: Stock,
}

/// A question: does the shelf hold enough?
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockCheck {
    /// The product.
    pub product_id: ProductId,
    /// The pieces wanted.
    pub quantity: Quantity,
}

/// The answer to a [`StockCheck`]: what stood on the shelf at that moment, reserved for nobody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// The product.
    pub product_id: ProductId,
    /// The pieces wanted.
    pub requested: Quantity,
    /// Whether the shelf held as many.
    pub available: bool,
    /// The pieces on the shelf.
    pub current_stock: Stock,
}

/// A request to take pieces off the shelf for an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewReservation {
    /// The order, whose id is that of the reservation as well.
    pub order_id: OrderId,
    /// The product.
    pub product_id: ProductId,
    /// The pieces to take.
    pub quantity: Quantity,
}

/// Pieces taken off the shelf for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// The order.
    pub order_id: OrderId,
    /// The product.
    pub product_id: ProductId,
    /// The pieces taken.
    pub quantity: Quantity,
    /// The pieces left on the shelf right after they were taken.
    pub remaining: Stock,
}
