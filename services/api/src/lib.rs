//! The words of the shop, as they stand on the wire: money, quantities, ids, the bodies of
//! requests and answers, and the problem that every failure answers.
//!
//! Each value is parsed once, at the edge; behind it an invalid one cannot exist.

pub mod calls;
pub mod endpoints;
mod id;
mod idempotency;
mod money;
mod orders;
mod peer_url;
mod peer_urls;
mod person;
mod problem;
mod problem_kind;
mod products;
mod quantity;
mod schema;
mod stock;

pub use id::{InvalidId, OrderId, ProductId};
pub use idempotency::{IdempotencyKey, InvalidIdempotencyKey};
pub use money::{InvalidMoney, Money};
pub use orders::{InvalidOrderStatus, NewOrder, Order, OrderStatus};
pub use peer_url::{InvalidPeerUrl, PeerUrl};
pub use peer_urls::{InstanceUrl, InvalidPeerUrls, PeerUrls};
pub use person::{InvalidPerson, Owner, Person, Role};
pub use problem::{Cause, Problem};
pub use problem_kind::ProblemKind;
pub use products::{InvalidProductName, NewProduct, Product, ProductName};
pub use quantity::{InvalidQuantity, Quantity, Stock};
pub use stock::{Availability, NewReservation, Reservation, SetStock, StockCheck, StockLevel};
