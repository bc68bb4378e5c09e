//! Where stock and reservations are kept.
//!
//! A reservation moves pieces from the shelf to an order in one transaction, under the order's
//! id. All writes go through one writer, one after the other, so a shelf never goes below zero
//! and a repeated request finds what the first one did. A refusal is kept as well: two attempts
//! of one order may be under way at once, and once the order is rejected for the answer to the
//! one, the other must not take anything, even if there is new stock by then.

use std::collections::BTreeMap;
use std::path::Path;

use api::{NewReservation, OrderId, ProductId, Quantity, Reservation, Stock, StockLevel};
use server::BuildError;
use store::rusqlite::{Connection, OptionalExtension, Result, params};
use store::{Operation, Store, StoreError};
use telemetry::Telemetry;

use crate::gauge::StockGauge;

const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE stock (
        product_id TEXT PRIMARY KEY,
        quantity INTEGER NOT NULL CHECK (quantity >= 0),
        ordered INTEGER NOT NULL DEFAULT 0 CHECK (ordered IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reservations (
        order_id TEXT PRIMARY KEY,
        product_id TEXT NOT NULL REFERENCES stock (product_id),
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        remaining INTEGER NOT NULL CHECK (remaining >= 0),
        released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    INSERT INTO stock (product_id, quantity, ordered) VALUES
        ('product1', 100, 1), ('product2', 50, 1), ('product3', 75, 1);
",
    "
    CREATE TABLE refusals (
        order_id TEXT PRIMARY KEY,
        product_id TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        stock INTEGER CHECK (stock >= 0)
    ) STRICT, WITHOUT ROWID;
",
];

/// The shelves of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Shelves {
    store: Store,
    gauge: StockGauge,
}

/// What became of the wish to reserve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// The pieces are the order's: since just now, or since an earlier request.
    Done(Reservation),
    /// The shelf holds only so many.
    Short(Stock),
    /// There is no shelf for the product.
    UnknownProduct,
    /// The order has wanted something else before.
    Different,
    /// The order has given its pieces back before.
    Released,
}

impl Shelves {
    pub(crate) async fn open(
        directory: &Path,
        telemetry: &Telemetry,
    ) -> std::result::Result<Self, BuildError> {
        let store = Store::open(&directory.join("inventory.db"), MIGRATIONS, telemetry)
            .map_err(BuildError::store)?;
        let gauge = StockGauge::new(&telemetry.metrics).map_err(BuildError::settings)?;
        let shelves = Self { store, gauge };
        for level in shelves.ordered().await.map_err(BuildError::store)? {
            shelves.gauge.show(&level.product_id, level.quantity);
        }
        Ok(shelves)
    }

    /// Writes to the disk: an error means that the store is unusable.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }

    /// All shelves.
    pub(crate) async fn all(&self) -> Result<BTreeMap<ProductId, Stock>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "stock"), |connection| {
                connection
                    .prepare_cached("SELECT product_id, quantity FROM stock")?
                    .query_map([], |row| {
                        Ok((store::parsed(row, 0)?, row.get(1).map(Stock::from_stored)?))
                    })?
                    .collect()
            })
            .await
    }

    pub(crate) async fn get(&self, product: ProductId) -> Result<Option<Stock>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "stock"), move |connection| {
                on_shelf(connection, &product)
            })
            .await
    }

    /// What stands on the shelf for an order that is being thought of.
    pub(crate) async fn check(&self, product: ProductId) -> Result<Option<Stock>, StoreError> {
        let stock = self.get(product.clone()).await?;
        if let Some(stock) = stock {
            self.gauge.show(&product, stock);
        }
        Ok(stock)
    }

    /// Sets a shelf; makes it when there is none.
    pub(crate) async fn set(
        &self,
        product_id: ProductId,
        quantity: Stock,
    ) -> Result<StockLevel, StoreError> {
        let gauge = self.gauge.clone();
        self.store
            .write(Operation::new("INSERT", "stock"), move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO stock (product_id, quantity) VALUES (?1, ?2)
                         ON CONFLICT (product_id) DO UPDATE SET quantity = excluded.quantity",
                    )?
                    .execute(params![product_id.as_str(), quantity.get()])?;
                gauge.set(&product_id, quantity);
                Ok(StockLevel {
                    product_id,
                    quantity,
                })
            })
            .await
    }

    /// Takes pieces off the shelf for an order, once.
    pub(crate) async fn reserve(&self, wish: NewReservation) -> Result<Reserved, StoreError> {
        let gauge = self.gauge.clone();
        self.store
            .write(
                Operation::new("INSERT", "reservations"),
                move |connection| reserve(connection, wish, &gauge),
            )
            .await
    }

    /// Gives the pieces of an order back, once; says whether it had any.
    pub(crate) async fn release(&self, order: OrderId) -> Result<bool, StoreError> {
        let gauge = self.gauge.clone();
        self.store
            .write(
                Operation::new("UPDATE", "reservations"),
                move |connection| release(connection, &order, &gauge),
            )
            .await
    }

    /// The shelves of the first start, and those that an order has named: the ones to be shown.
    async fn ordered(&self) -> Result<Vec<StockLevel>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "stock"), |connection| {
                connection
                    .prepare("SELECT product_id, quantity FROM stock WHERE ordered = 1")?
                    .query_map([], |row| {
                        Ok(StockLevel {
                            product_id: store::parsed(row, 0)?,
                            quantity: row.get(1).map(Stock::from_stored)?,
                        })
                    })?
                    .collect()
            })
            .await
    }
}

fn on_shelf(connection: &Connection, product: &ProductId) -> Result<Option<Stock>> {
    connection
        .prepare_cached("SELECT quantity FROM stock WHERE product_id = ?1")?
        .query_row([product.as_str()], |row| row.get(0).map(Stock::from_stored))
        .optional()
}

fn reserve(connection: &Connection, wish: NewReservation, gauge: &StockGauge) -> Result<Reserved> {
    if let Some(earlier) = reserved_earlier(connection, &wish)? {
        return Ok(earlier);
    }
    if let Some(earlier) = refused_earlier(connection, &wish)? {
        return Ok(earlier);
    }
    let taken = connection
        .prepare_cached(
            "UPDATE stock SET quantity = quantity - ?1, ordered = 1
             WHERE product_id = ?2 AND quantity >= ?1 RETURNING quantity",
        )?
        .query_row(
            params![wish.quantity.get(), wish.product_id.as_str()],
            |row| row.get(0).map(Stock::from_stored),
        )
        .optional()?;
    let Some(remaining) = taken else {
        let stock = on_shelf(connection, &wish.product_id)?;
        refuse(connection, &wish, stock)?;
        return Ok(stock.map_or(Reserved::UnknownProduct, Reserved::Short));
    };
    connection
        .prepare_cached(
            "INSERT INTO reservations (order_id, product_id, quantity, remaining)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            wish.order_id.as_str(),
            wish.product_id.as_str(),
            wish.quantity.get(),
            remaining.get()
        ])?;
    gauge.show(&wish.product_id, remaining);
    gauge.set(&wish.product_id, remaining);
    let NewReservation {
        order_id,
        product_id,
        quantity,
    } = wish;
    Ok(Reserved::Done(Reservation {
        order_id,
        product_id,
        quantity,
        remaining,
    }))
}

/// What an earlier request of the same order took.
fn reserved_earlier(connection: &Connection, wish: &NewReservation) -> Result<Option<Reserved>> {
    connection
        .prepare_cached(
            "SELECT product_id, quantity, remaining, released FROM reservations
             WHERE order_id = ?1",
        )?
        .query_row([wish.order_id.as_str()], |row| {
            let reservation = Reservation {
                order_id: wish.order_id.clone(),
                product_id: store::parsed(row, 0)?,
                quantity: row.get(1).map(Quantity::from_stored)?,
                remaining: row.get(2).map(Stock::from_stored)?,
            };
            let same =
                reservation.product_id == wish.product_id && reservation.quantity == wish.quantity;
            Ok(match (row.get(3)?, same) {
                (_, false) => Reserved::Different,
                (true, true) => Reserved::Released,
                (false, true) => Reserved::Done(reservation),
            })
        })
        .optional()
}

/// What an earlier request of the same order was refused.
fn refused_earlier(connection: &Connection, wish: &NewReservation) -> Result<Option<Reserved>> {
    connection
        .prepare_cached(
            "SELECT product_id = ?2 AND quantity = ?3, stock FROM refusals WHERE order_id = ?1",
        )?
        .query_row(
            params![
                wish.order_id.as_str(),
                wish.product_id.as_str(),
                wish.quantity.get()
            ],
            |row| {
                Ok(match (row.get(0)?, row.get::<_, Option<u32>>(1)?) {
                    (false, _) => Reserved::Different,
                    (true, None) => Reserved::UnknownProduct,
                    (true, Some(stock)) => Reserved::Short(Stock::from_stored(stock)),
                })
            },
        )
        .optional()
}

/// Keeps a refusal, with what stood on the shelf, if there was one.
fn refuse(connection: &Connection, wish: &NewReservation, stock: Option<Stock>) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO refusals (order_id, product_id, quantity, stock) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            wish.order_id.as_str(),
            wish.product_id.as_str(),
            wish.quantity.get(),
            stock.map(Stock::get)
        ])
        .map(drop)
}

fn release(connection: &Connection, order: &OrderId, gauge: &StockGauge) -> Result<bool> {
    let released = connection
        .prepare_cached(
            "UPDATE reservations SET released = 1 WHERE order_id = ?1 AND released = 0
             RETURNING product_id, quantity",
        )?
        .query_row([order.as_str()], |row| {
            Ok((store::parsed::<ProductId>(row, 0)?, row.get::<_, u32>(1)?))
        })
        .optional()?;
    let Some((product, quantity)) = released else {
        return Ok(false);
    };
    let stock = connection
        .prepare_cached(
            "UPDATE stock SET quantity = quantity + ?1 WHERE product_id = ?2 RETURNING quantity",
        )?
        .query_row(params![quantity, product.as_str()], |row| {
            row.get(0).map(Stock::from_stored)
        })?;
    gauge.set(&product, stock);
    Ok(true)
}
