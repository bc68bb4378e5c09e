//! The tables of the order service, and how they came to be.

/// Each runs once and in order; only ever added to.
pub(crate) const MIGRATIONS: &[&str] = &[
    "
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
",
    // Keys are forgotten after a time. Those that are here already have it before them.
    "
    ALTER TABLE idempotency_keys ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
    UPDATE idempotency_keys SET used_at = unixepoch();
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys (used_at);
",
    // Orders have an owner: the pseudonym of a person, and none where people do not sign in. So has
    // each key (the empty text for none), since two people may choose the same one.
    "
    ALTER TABLE orders ADD COLUMN owner TEXT;
    CREATE INDEX orders_of_owner ON orders (owner, seq);
    CREATE TABLE keys (
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        order_id TEXT NOT NULL REFERENCES orders (id),
        used_at INTEGER NOT NULL,
        PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO keys SELECT '', key, order_id, used_at FROM idempotency_keys;
    DROP TABLE idempotency_keys;
    ALTER TABLE keys RENAME TO idempotency_keys;
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys (used_at);
",
    // The same check in other words: of three values behind `IN`, SQLite makes a table for each row that it
    // writes. The rows stay as they are, so they need not be copied
    // (https://www.sqlite.org/lang_altertable.html#otheralter); no other connection is open, so
    // `schema_version` may stay, too.
    "
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(
        sql,
        'status IN (''PENDING'', ''CREATED'', ''REJECTED'')',
        'status = ''PENDING'' OR status = ''CREATED'' OR status = ''REJECTED''')
    WHERE name = 'orders';
    PRAGMA writable_schema = RESET;
",
];

/// Adds an order of this id and status, in the words of each version.
#[cfg(test)]
pub(crate) const ADD_ORDER: &str =
    "INSERT INTO orders (id, product_id, product_name, quantity, unit_price_cents, status,
                         created_at_ms, traceparent)
     VALUES (?1, 'product1', 'Product 1', 1, 1099, ?2, 0, '')";

/// An empty store in memory, at the version after so many migrations.
#[cfg(test)]
pub(crate) fn in_memory(migrations: usize) -> store::rusqlite::Connection {
    let connection = store::rusqlite::Connection::open_in_memory().unwrap();
    for migration in &MIGRATIONS[..migrations] {
        connection.execute_batch(migration).unwrap();
    }
    connection
}

#[cfg(test)]
mod tests {
    use store::rusqlite::Connection;

    use super::*;

    fn has_every_status_and_no_other(connection: &Connection) {
        for status in ["PENDING", "CREATED", "REJECTED"] {
            connection.execute(ADD_ORDER, [status, status]).unwrap();
        }
        for status in ["pending", ""] {
            let refused = connection.execute(ADD_ORDER, [status, status]).unwrap_err();
            assert!(refused.to_string().contains("CHECK"), "{refused}");
        }
    }

    /// How many tables SQLite makes for itself to write one row.
    fn tables_made_to_write(connection: &Connection) -> usize {
        let mut statement = connection.prepare(&format!("EXPLAIN {ADD_ORDER}")).unwrap();
        let operations = statement
            .query_map(["x", "PENDING"], |row| row.get(1))
            .unwrap();
        let operations: Vec<String> = operations.map(Result::unwrap).collect();
        let made = operations.iter().filter(|name| *name == "OpenEphemeral");
        made.count()
    }

    #[test]
    fn an_order_has_one_of_three_statuses_and_no_table_is_made_to_see_that() {
        let last = MIGRATIONS.len();
        let earlier = in_memory(last - 1);
        assert_eq!(tables_made_to_write(&earlier), 1);
        has_every_status_and_no_other(&earlier);
        let connection = in_memory(last);
        assert_eq!(tables_made_to_write(&connection), 0);
        has_every_status_and_no_other(&connection);
    }
}
