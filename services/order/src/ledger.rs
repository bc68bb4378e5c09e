//! Where orders are kept.
//!
//! An order is inserted once, as `PENDING`, and changes once, to `CREATED` or `REJECTED`.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{IdempotencyKey, Money, OrderId, OrderStatus, Product, ProductId, ProductName, Quantity};
use store::rusqlite::{Connection, OptionalExtension, Result, Row, params};
use store::{Operation, Store, StoreError};
use telemetry::Telemetry;

const MIGRATIONS: &[&str] = &["
    CREATE TABLE orders (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        product_id TEXT NOT NULL,
        product_name TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        unit_price_cents INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('PENDING', 'CREATED', 'REJECTED')),
        stock_when_rejected INTEGER,
        created_at_ms INTEGER NOT NULL,
        traceparent TEXT NOT NULL
    ) STRICT;
    CREATE INDEX pending_orders ON orders (seq) WHERE status = 'PENDING';
    CREATE TABLE idempotency_keys (
        key TEXT PRIMARY KEY,
        order_id TEXT NOT NULL REFERENCES orders (id)
    ) STRICT, WITHOUT ROWID;
"];

const COLUMNS: &str = "id, product_id, product_name, quantity, unit_price_cents, status, \
                       stock_when_rejected, created_at_ms, traceparent";

/// The orders of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    store: Store,
}

/// An order as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: OrderId,
    pub(crate) product_id: ProductId,
    pub(crate) product_name: ProductName,
    pub(crate) quantity: Quantity,
    pub(crate) unit_price: Money,
    pub(crate) status: OrderStatus,
    /// For a rejected order: what was on the shelf.
    pub(crate) stock_when_rejected: Option<u32>,
    created_at_ms: i64,
    /// The span that made the order (W3C `traceparent`), so that whoever settles it later goes
    /// on in its trace.
    pub(crate) traceparent: String,
}

/// A page of the list could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownOrder;

impl Ledger {
    pub(crate) fn open(
        directory: &Path,
        telemetry: &Telemetry,
    ) -> std::result::Result<Self, StoreError> {
        Ok(Self {
            store: Store::open(&directory.join("orders.db"), MIGRATIONS, telemetry)?,
        })
    }

    /// Writes to the disk: an error means that the store is unusable.
    pub(crate) async fn probe(&self) -> std::result::Result<(), StoreError> {
        self.store.probe().await
    }

    /// Inserts a pending order. When its key has been used before, nothing is inserted, and that
    /// earlier order comes back.
    pub(crate) async fn insert(
        &self,
        entry: Entry,
        key: Option<IdempotencyKey>,
    ) -> std::result::Result<std::result::Result<(), Entry>, StoreError> {
        self.store
            .write(Operation::new("INSERT", "orders"), move |connection| {
                if let Some(key) = &key
                    && let Some(earlier) = by_key(connection, key)?
                {
                    return Ok(Err(earlier));
                }
                insert(connection, &entry)?;
                if let Some(key) = &key {
                    connection
                        .prepare_cached(
                            "INSERT INTO idempotency_keys (key, order_id) VALUES (?1, ?2)",
                        )?
                        .execute([key.as_str(), entry.id.as_str()])?;
                }
                Ok(Ok(()))
            })
            .await
    }

    /// Settles a pending order; whether it was this call that did.
    pub(crate) async fn settle(
        &self,
        id: OrderId,
        status: OrderStatus,
        stock_when_rejected: Option<u32>,
    ) -> std::result::Result<bool, StoreError> {
        self.store
            .write(Operation::new("UPDATE", "orders"), move |connection| {
                let changed = connection
                    .prepare_cached(
                        "UPDATE orders SET status = ?2, stock_when_rejected = ?3
                         WHERE id = ?1 AND status = 'PENDING'",
                    )?
                    .execute(params![id.as_str(), status.as_str(), stock_when_rejected])?;
                Ok(changed == 1)
            })
            .await
    }

    pub(crate) async fn get(&self, id: OrderId) -> std::result::Result<Option<Entry>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "orders"), move |connection| {
                connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE id = ?1"))?
                    .query_row([id.as_str()], entry)
                    .optional()
            })
            .await
    }

    pub(crate) async fn by_key(
        &self,
        key: IdempotencyKey,
    ) -> std::result::Result<Option<Entry>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "orders"), move |connection| {
                by_key(connection, &key)
            })
            .await
    }

    /// At most `limit` orders, the newest first, from the one after `after` on.
    pub(crate) async fn page(
        &self,
        limit: u32,
        after: Option<OrderId>,
    ) -> std::result::Result<std::result::Result<Vec<Entry>, UnknownOrder>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "orders"), move |connection| {
                let before = match after {
                    None => i64::MAX,
                    Some(id) => {
                        let seq = connection
                            .prepare_cached("SELECT seq FROM orders WHERE id = ?1")?
                            .query_row([id.as_str()], |row| row.get(0))
                            .optional()?;
                        let Some(seq) = seq else {
                            return Ok(Err(UnknownOrder));
                        };
                        seq
                    }
                };
                connection
                    .prepare_cached(&format!(
                        "SELECT {COLUMNS} FROM orders WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
                    ))?
                    .query_map(params![before, limit], entry)?
                    .collect::<Result<_>>()
                    .map(Ok)
            })
            .await
    }

    /// At most `limit` orders that have been pending for longer than `age`, the oldest first.
    pub(crate) async fn pending(
        &self,
        age: Duration,
        limit: u32,
    ) -> std::result::Result<Vec<Entry>, StoreError> {
        let latest = millis(SystemTime::now()) - i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        self.store
            .read(Operation::new("SELECT", "orders"), move |connection| {
                connection
                    .prepare_cached(&format!(
                        "SELECT {COLUMNS} FROM orders
                         WHERE status = 'PENDING' AND created_at_ms <= ?1 ORDER BY seq LIMIT ?2"
                    ))?
                    .query_map(params![latest, limit], entry)?
                    .collect()
            })
            .await
    }
}

impl Entry {
    /// A pending order of now.
    pub(crate) fn new(
        id: OrderId,
        product: Product,
        quantity: Quantity,
        traceparent: String,
    ) -> Self {
        Self {
            id,
            product_id: product.id,
            product_name: product.name,
            quantity,
            unit_price: product.price,
            status: OrderStatus::Pending,
            stock_when_rejected: None,
            created_at_ms: millis(SystemTime::now()),
            traceparent,
        }
    }

    /// The price of all pieces.
    pub(crate) fn total(&self) -> Money {
        self.unit_price.times(self.quantity)
    }

    /// The order as the outside sees it.
    pub(crate) fn order(self) -> api::Order {
        let total_price = self.total();
        let since = Duration::from_millis(u64::try_from(self.created_at_ms).unwrap_or_default());
        api::Order {
            id: self.id,
            product_id: self.product_id,
            product_name: self.product_name,
            quantity: self.quantity,
            unit_price: self.unit_price,
            total_price,
            status: self.status,
            // The second part of a W3C traceparent.
            trace_id: self
                .traceparent
                .split('-')
                .nth(1)
                .unwrap_or_default()
                .to_owned(),
            created_at: humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string(),
        }
    }
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn insert(connection: &Connection, entry: &Entry) -> Result<()> {
    connection
        .prepare_cached(&format!(
            "INSERT INTO orders ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        ))?
        .execute(params![
            entry.id.as_str(),
            entry.product_id.as_str(),
            entry.product_name.as_str(),
            entry.quantity.get(),
            entry.unit_price.cents(),
            entry.status.as_str(),
            entry.stock_when_rejected,
            entry.created_at_ms,
            entry.traceparent
        ])
        .map(drop)
}

fn by_key(connection: &Connection, key: &IdempotencyKey) -> Result<Option<Entry>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM orders
             WHERE id = (SELECT order_id FROM idempotency_keys WHERE key = ?1)"
        ))?
        .query_row([key.as_str()], entry)
        .optional()
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        id: store::parsed(row, 0)?,
        product_id: store::parsed(row, 1)?,
        product_name: store::parsed(row, 2)?,
        quantity: Quantity::from_stored(row.get(3)?),
        unit_price: Money::from_cents(row.get(4)?),
        status: store::parsed(row, 5)?,
        stock_when_rejected: row.get(6)?,
        created_at_ms: row.get(7)?,
        traceparent: row.get(8)?,
    })
}
