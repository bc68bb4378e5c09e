//! The tables of the inventory service, and how they came to be.

/// Each runs once and in order; only ever added to.
pub(super) const MIGRATIONS: &[&str] = &[
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
    // Refusals are forgotten after a time. Those that are here already have it before them.
    "
    ALTER TABLE refusals ADD COLUMN refused_at INTEGER NOT NULL DEFAULT 0;
    UPDATE refusals SET refused_at = unixepoch();
    CREATE INDEX refusals_by_age ON refusals (refused_at);
",
];

/// An empty store in memory, at the version after so many migrations.
#[cfg(test)]
pub(super) fn in_memory(migrations: usize) -> store::rusqlite::Connection {
    let connection = store::rusqlite::Connection::open_in_memory().unwrap();
    for migration in &MIGRATIONS[..migrations] {
        connection.execute_batch(migration).unwrap();
    }
    connection
}
