//! Reservations that were refused.
//!
//! Two attempts of one order may be under way at once. Once the order is rejected for the answer
//! to the one, the other must not take anything, even if there is new stock by then.

use std::time::Duration;

use api::{NewReservation, Stock};
use store::rusqlite::{Connection, OptionalExtension, Result, params};

use super::Reserved;

/// How an earlier request of the same order was refused.
pub(super) fn find(connection: &Connection, new: &NewReservation) -> Result<Option<Reserved>> {
    connection
        .prepare_cached(
            "SELECT product_id = ?2 AND quantity = ?3, stock FROM refusals WHERE order_id = ?1",
        )?
        .query_row(
            params![
                new.order_id.as_str(),
                new.product_id.as_str(),
                new.quantity.get()
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

/// Keeps a refusal, with what was in stock; none: inventory did not know the product.
pub(super) fn insert(
    connection: &Connection,
    new: &NewReservation,
    stock: Option<Stock>,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO refusals (order_id, product_id, quantity, stock, refused_at)
             VALUES (?1, ?2, ?3, ?4, unixepoch())",
        )?
        .execute(params![
            new.order_id.as_str(),
            new.product_id.as_str(),
            new.quantity.get(),
            stock.map(Stock::get)
        ])
        .map(drop)
}

/// Forgets at most `limit` refusals that are older than `age`, the oldest first; how many.
pub(super) fn forget(connection: &Connection, age: Duration, limit: u32) -> Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM refusals WHERE order_id IN (
                 SELECT order_id FROM refusals WHERE refused_at < unixepoch() - ?1
                 ORDER BY refused_at LIMIT ?2)",
        )?
        .execute(params![
            i64::try_from(age.as_secs()).unwrap_or(i64::MAX),
            limit
        ])
}

#[cfg(test)]
mod tests {
    use super::super::schema::{MIGRATIONS, in_memory};
    use super::*;

    const WEEK: Duration = Duration::from_hours(7 * 24);

    fn new(order: &str) -> NewReservation {
        NewReservation {
            order_id: order.parse().unwrap(),
            product_id: "product1".parse().unwrap(),
            quantity: 3.0.try_into().unwrap(),
        }
    }

    /// A refusal of so many seconds ago.
    fn add(connection: &Connection, order: &str, seconds: u64) {
        insert(connection, &new(order), Some(Stock::from_stored(2))).unwrap();
        connection
            .execute(
                "UPDATE refusals SET refused_at = refused_at - ?2 WHERE order_id = ?1",
                params![order, i64::try_from(seconds).unwrap()],
            )
            .unwrap();
    }

    fn is_kept(connection: &Connection, order: &str) -> bool {
        find(connection, &new(order)).unwrap().is_some()
    }

    #[test]
    fn refusals_are_forgotten_by_age_in_batches() {
        let connection = in_memory(MIGRATIONS.len());
        let week = WEEK.as_secs();
        add(&connection, "young", week - 60);
        add(&connection, "oldest", week + 180);
        add(&connection, "older", week + 120);
        add(&connection, "old", week + 60);
        assert_eq!(forget(&connection, WEEK, 2).unwrap(), 2);
        assert!(!is_kept(&connection, "oldest") && !is_kept(&connection, "older"));
        assert!(is_kept(&connection, "old"));
        assert_eq!(forget(&connection, WEEK, 2).unwrap(), 1);
        assert_eq!(forget(&connection, WEEK, 2).unwrap(), 0);
        assert!(is_kept(&connection, "young"));
    }

    #[test]
    fn refusals_of_an_earlier_version_are_as_young_as_their_migration() {
        let connection = in_memory(2);
        connection
            .execute(
                "INSERT INTO refusals (order_id, product_id, quantity, stock)
                 VALUES ('order', 'product1', 3, 2)",
                [],
            )
            .unwrap();
        connection.execute_batch(MIGRATIONS[2]).unwrap();
        assert_eq!(forget(&connection, Duration::from_mins(1), 10).unwrap(), 0);
        assert!(is_kept(&connection, "order"));
    }

    #[test]
    fn what_is_forgotten_is_found_by_an_index() {
        let connection = in_memory(MIGRATIONS.len());
        let plan: String = connection
            .query_row(
                "EXPLAIN QUERY PLAN SELECT order_id FROM refusals WHERE refused_at < 1
                 ORDER BY refused_at LIMIT 1",
                [],
                |row| row.get(3),
            )
            .unwrap();
        assert!(plan.contains("refusals_by_age"), "{plan}");
    }
}
