//! What is in stock.

use api::{ProductId, Quantity, Stock, StockLevel};
use store::rusqlite::{Connection, OptionalExtension, Result, Row, params};

pub(super) fn get(connection: &Connection, product: &ProductId) -> Result<Option<Stock>> {
    connection
        .prepare_cached("SELECT quantity FROM stock WHERE product_id = ?1")?
        .query_row([product.as_str()], |row| row.get(0).map(Stock::from_stored))
        .optional()
}

/// The stock of every product.
pub(super) fn all(connection: &Connection) -> Result<Vec<StockLevel>> {
    connection
        .prepare_cached("SELECT product_id, quantity FROM stock")?
        .query_map([], level)?
        .collect()
}

/// The products of the first start, and those that an order has named.
pub(super) fn ordered(connection: &Connection) -> Result<Vec<StockLevel>> {
    connection
        .prepare("SELECT product_id, quantity FROM stock WHERE ordered = 1")?
        .query_map([], level)?
        .collect()
}

/// Sets the stock of a product, which may be new.
pub(super) fn set(connection: &Connection, product: &ProductId, quantity: Stock) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO stock (product_id, quantity) VALUES (?1, ?2)
             ON CONFLICT (product_id) DO UPDATE SET quantity = excluded.quantity",
        )?
        .execute(params![product.as_str(), quantity.get()])
        .map(drop)
}

/// Takes pieces, if there are as many; what is left of them.
pub(super) fn take(
    connection: &Connection,
    product: &ProductId,
    quantity: Quantity,
) -> Result<Option<Stock>> {
    // Not `RETURNING`, for whose rows SQLite makes a table each time: nobody else writes in between.
    let taken = connection
        .prepare_cached(
            "UPDATE stock SET quantity = quantity - ?1, ordered = 1
             WHERE product_id = ?2 AND quantity >= ?1",
        )?
        .execute(params![quantity.get(), product.as_str()])?;
    if taken == 0 {
        return Ok(None);
    }
    get(connection, product)
}

/// Puts pieces back; how many there are now.
pub(super) fn put_back(
    connection: &Connection,
    product: &ProductId,
    quantity: Quantity,
) -> Result<Stock> {
    connection
        .prepare_cached(
            "UPDATE stock SET quantity = quantity + ?1 WHERE product_id = ?2 RETURNING quantity",
        )?
        .query_row(params![quantity.get(), product.as_str()], |row| {
            row.get(0).map(Stock::from_stored)
        })
}

fn level(row: &Row<'_>) -> Result<StockLevel> {
    Ok(StockLevel {
        product_id: store::parsed(row, 0)?,
        quantity: row.get(1).map(Stock::from_stored)?,
    })
}
