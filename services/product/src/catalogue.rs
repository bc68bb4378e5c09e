//! Where products are kept.

use std::path::Path;

use api::{Money, NewProduct, Product, ProductId};
use store::rusqlite::{OptionalExtension, Row, params};
use store::{Operation, Store, StoreError};
use telemetry::Telemetry;

const MIGRATIONS: &[&str] = &["
    CREATE TABLE products (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        price_cents INTEGER NOT NULL CHECK (price_cents > 0)
    ) STRICT;
    INSERT INTO products (id, name, price_cents) VALUES
        ('product1', 'Product 1', 1099),
        ('product2', 'Product 2', 2999),
        ('product3', 'Product 3', 549);
"];

/// The products of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    store: Store,
}

impl Catalogue {
    pub(crate) fn open(directory: &Path, telemetry: &Telemetry) -> Result<Self, StoreError> {
        Ok(Self {
            store: Store::open(&directory.join("products.db"), MIGRATIONS, telemetry)?,
        })
    }

    /// Writes to the disk: an error means that the store is unusable.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }

    /// See [`Store::writer_ended`].
    pub(crate) fn writer_ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.store.writer_ended()
    }

    /// All products, the oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<Product>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "products"), |connection| {
                connection
                    .prepare_cached("SELECT id, name, price_cents FROM products ORDER BY seq")?
                    .query_map([], product)?
                    .collect()
            })
            .await
    }

    pub(crate) async fn get(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        self.store
            .look_up(Operation::new("SELECT", "products"), move |connection| {
                connection
                    .prepare_cached("SELECT id, name, price_cents FROM products WHERE id = ?1")?
                    .query_row([id.as_str()], product)
                    .optional()
            })
            .await
    }

    /// Adds a product under a new id.
    pub(crate) async fn add(&self, new: NewProduct) -> Result<Product, StoreError> {
        let product = Product {
            id: ProductId::new_unique(),
            name: new.name,
            price: new.price,
        };
        self.store
            .write(Operation::new("INSERT", "products"), move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO products (id, name, price_cents) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![
                        product.id.as_str(),
                        product.name.as_str(),
                        product.price.cents()
                    ])?;
                Ok(product)
            })
            .await
    }
}

fn product(row: &Row<'_>) -> store::rusqlite::Result<Product> {
    Ok(Product {
        id: store::parsed(row, 0)?,
        name: store::parsed(row, 1)?,
        price: Money::from_cents(row.get(2)?),
    })
}
