//! Reading columns whose values have a `parse`.

use std::error::Error;

use rusqlite::types::Type;
use rusqlite::{Result, Row};

/// The text in column `index` through `parse`. What it refuses was never written by this
/// program: the file is damaged, and the statement fails.
pub fn parsed<T, E>(
    row: &Row<'_>,
    index: usize,
    parse: impl Fn(&str) -> std::result::Result<T, E>,
) -> Result<T>
where
    E: Error + Send + Sync + 'static,
{
    let text = row.get_ref(index)?.as_str()?;
    parse(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}
