//! Where stock and reservations are kept.
//!
//! A reservation moves pieces from the stock to an order in one transaction, under the order's
//! id. All writes go through one writer, one after the other, so the stock never goes below zero
//! and a repeated request finds what the first one did, be it a reservation ([`reservations`]) or
//! a refusal ([`refusals`]).

mod refusals;
mod reservations;
mod schema;
mod stock;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use api::{NewReservation, OrderId, ProductId, Reservation, Stock, StockLevel};
use server::BuildError;
use store::{Operation, Store, StoreError};
use telemetry::Telemetry;

use crate::stock_gauge::StockGauge;

/// The stock of the shop, and who holds what of it.
#[derive(Clone, Debug)]
pub(crate) struct Shelves {
    store: Store,
    gauge: StockGauge,
}

/// What became of a request to reserve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// The pieces are the order's since now.
    Now(Reservation),
    /// The pieces are the order's since an earlier request.
    Before(Reservation),
    /// Only so many are in stock.
    Short(Stock),
    /// There is no stock of this product, not even none.
    UnknownProduct,
    /// The order has asked for something else before.
    Different,
    /// The order has given its pieces back before.
    Released,
}

impl Shelves {
    pub(crate) async fn open(directory: &Path, telemetry: &Telemetry) -> Result<Self, BuildError> {
        let file = directory.join("inventory.db");
        let store = Store::open(&file, schema::MIGRATIONS, telemetry).map_err(BuildError::store)?;
        let gauge = StockGauge::new(&telemetry.metrics).map_err(BuildError::settings)?;
        let ordered = store.read(Operation::new("SELECT", "stock"), stock::ordered);
        for level in ordered.await.map_err(BuildError::store)? {
            gauge.show(&level);
        }
        Ok(Self { store, gauge })
    }

    /// Writes to the disk: an error means that the store is unusable.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }

    /// See [`Store::writer_ended`].
    pub(crate) fn writer_ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.store.writer_ended()
    }

    /// The stock of every product.
    pub(crate) async fn all(&self) -> Result<BTreeMap<ProductId, Stock>, StoreError> {
        let levels = self
            .store
            .read(Operation::new("SELECT", "stock"), stock::all)
            .await?;
        let levels = levels.into_iter();
        Ok(levels
            .map(|level| (level.product_id, level.quantity))
            .collect())
    }

    pub(crate) async fn get(&self, product: ProductId) -> Result<Option<Stock>, StoreError> {
        self.store
            .look_up(Operation::new("SELECT", "stock"), move |connection| {
                stock::get(connection, &product)
            })
            .await
    }

    /// The stock of a product that somebody is about to order.
    pub(crate) async fn check(&self, product: ProductId) -> Result<Option<Stock>, StoreError> {
        // Before the read, so that no commit after it is missed.
        let room = self.gauge.make_room(&product);
        let stock = self.get(product).await?;
        if let (Some(room), Some(stock)) = (room, stock) {
            room.fill(stock);
        }
        Ok(stock)
    }

    /// Sets the stock of a product, which may be new.
    pub(crate) async fn set(
        &self,
        product_id: ProductId,
        quantity: Stock,
    ) -> Result<StockLevel, StoreError> {
        let gauge = self.gauge.clone();
        self.store
            .write_then(
                Operation::new("INSERT", "stock"),
                move |connection| {
                    stock::set(connection, &product_id, quantity)?;
                    Ok(StockLevel {
                        product_id,
                        quantity,
                    })
                },
                move |level| gauge.set(level),
            )
            .await
    }

    /// Takes pieces for an order, once.
    pub(crate) async fn reserve(&self, new: NewReservation) -> Result<Reserved, StoreError> {
        let gauge = self.gauge.clone();
        self.store
            .write_then(
                Operation::new("INSERT", "reservations"),
                move |connection| reservations::reserve(connection, new),
                move |reserved| {
                    if let Reserved::Now(reservation) = reserved {
                        gauge.show(&StockLevel {
                            product_id: reservation.product_id.clone(),
                            quantity: reservation.remaining,
                        });
                    }
                },
            )
            .await
    }

    /// Puts the pieces of an order back, once; whether it held any.
    pub(crate) async fn release(&self, order: OrderId) -> Result<bool, StoreError> {
        let gauge = self.gauge.clone();
        let released = self.store.write_then(
            Operation::new("UPDATE", "reservations"),
            move |connection| reservations::release(connection, &order),
            move |released| {
                if let Some(level) = released {
                    gauge.set(level);
                }
            },
        );
        released.await.map(|released| released.is_some())
    }

    /// Forgets at most `limit` refusals that are older than `age`; how many.
    pub(crate) async fn forget_refusals(
        &self,
        age: Duration,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.store
            .write(Operation::new("DELETE", "refusals"), move |connection| {
                refusals::forget(connection, age, limit)
            })
            .await
    }
}
