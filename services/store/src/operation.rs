//! What a statement does, in the words of the database conventions of OpenTelemetry.

/// An operation on a table, as spans name it: `SELECT orders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `db.operation.name`.
    pub(crate) name: &'static str,
    /// `db.collection.name`: the table.
    pub(crate) table: &'static str,
}

impl Operation {
    /// An operation, such as `SELECT` or `INSERT`, on a table.
    pub const fn new(name: &'static str, table: &'static str) -> Self {
        Self { name, table }
    }
}
