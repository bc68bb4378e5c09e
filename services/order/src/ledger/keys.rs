//! Which order an idempotency key leads to.

use std::time::Duration;

use api::OrderId;
use store::rusqlite::{Connection, OptionalExtension, Result, params};

use super::entry::{COLUMNS, Entry};
use crate::sender::OwnKey;

/// The order that was made under this key.
pub(super) fn find(connection: &Connection, key: &OwnKey) -> Result<Option<Entry>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM orders
             WHERE id = (SELECT order_id FROM idempotency_keys WHERE owner = ?1 AND key = ?2)"
        ))?
        .query_row([key.owner(), key.as_str()], Entry::from_row)
        .optional()
}

pub(super) fn insert(connection: &Connection, key: &OwnKey, order: &OrderId) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO idempotency_keys (owner, key, order_id, used_at)
             VALUES (?1, ?2, ?3, unixepoch())",
        )?
        .execute([key.owner(), key.as_str(), order.as_str()])
        .map(drop)
}

/// Forgets at most `limit` keys that were used longer ago than `age`, the oldest first; how many
/// there were. A key of a pending order stays: its client may still be waiting for the outcome.
pub(super) fn forget(connection: &Connection, age: Duration, limit: u32) -> Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM idempotency_keys WHERE (owner, key) IN (
                 SELECT idempotency_keys.owner, key FROM idempotency_keys JOIN orders ON orders.id = order_id
                 WHERE used_at < unixepoch() - ?1 AND status <> 'PENDING'
                 ORDER BY used_at LIMIT ?2)",
        )?
        .execute(params![
            i64::try_from(age.as_secs()).unwrap_or(i64::MAX),
            limit
        ])
}

#[cfg(test)]
mod tests {
    use super::super::schema::{ADD_ORDER, MIGRATIONS, in_memory};
    use super::*;

    const WEEK: Duration = Duration::from_hours(7 * 24);

    fn own(key: &str) -> OwnKey {
        OwnKey::new(key.parse().unwrap(), None)
    }

    fn add_order(connection: &Connection, id: &str, status: &str) {
        connection.execute(ADD_ORDER, [id, status]).unwrap();
    }

    /// A key and its order, used so many seconds ago.
    fn add(connection: &Connection, name: &str, status: &str, seconds: u64) {
        add_order(connection, name, status);
        insert(connection, &own(name), &name.parse().unwrap()).unwrap();
        connection
            .execute(
                "UPDATE idempotency_keys SET used_at = used_at - ?2 WHERE key = ?1",
                params![name, i64::try_from(seconds).unwrap()],
            )
            .unwrap();
    }

    fn keys(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT key FROM idempotency_keys ORDER BY key")
            .unwrap();
        let keys = statement.query_map([], |row| row.get(0)).unwrap();
        keys.map(Result::unwrap).collect()
    }

    #[test]
    fn keys_are_forgotten_by_age_in_batches_and_never_those_of_a_pending_order() {
        let connection = in_memory(MIGRATIONS.len());
        let week = WEEK.as_secs();
        add(&connection, "young", "CREATED", week - 60);
        add(&connection, "oldest", "CREATED", week + 180);
        add(&connection, "older", "REJECTED", week + 120);
        add(&connection, "old", "CREATED", week + 60);
        add(&connection, "pending", "PENDING", week + 240);
        assert_eq!(forget(&connection, WEEK, 2).unwrap(), 2);
        assert_eq!(keys(&connection), ["old", "pending", "young"]);
        assert_eq!(forget(&connection, WEEK, 2).unwrap(), 1);
        assert_eq!(forget(&connection, WEEK, 2).unwrap(), 0);
        assert_eq!(keys(&connection), ["pending", "young"]);
        // The order itself stays.
        assert!(
            Entry::find(&connection, &"oldest".parse().unwrap())
                .unwrap()
                .is_some()
        );
        assert!(find(&connection, &own("oldest")).unwrap().is_none());
    }

    #[test]
    fn keys_of_an_earlier_version_are_as_young_as_their_migration() {
        let connection = in_memory(1);
        add_order(&connection, "order", "CREATED");
        connection
            .execute(
                "INSERT INTO idempotency_keys (key, order_id) VALUES ('key', 'order')",
                [],
            )
            .unwrap();
        for migration in &MIGRATIONS[1..] {
            connection.execute_batch(migration).unwrap();
        }
        assert_eq!(forget(&connection, Duration::from_mins(1), 10).unwrap(), 0);
        let found = find(&connection, &own("key")).unwrap();
        assert_eq!(found.unwrap().id.as_str(), "order");
    }

    #[test]
    fn what_is_forgotten_is_found_by_an_index() {
        let connection = in_memory(MIGRATIONS.len());
        let plan: String = connection
            .query_row(
                "EXPLAIN QUERY PLAN SELECT key FROM idempotency_keys WHERE used_at < 1
                 ORDER BY used_at LIMIT 1",
                [],
                |row| row.get(3),
            )
            .unwrap();
        assert!(plan.contains("idempotency_keys_by_age"), "{plan}");
    }
}
