//! Reading columns that hold values of the shop's own types.

use std::error::Error;
use std::str::FromStr;

use rusqlite::types::Type;
use rusqlite::{Result, Row};

/// The text in column `index` as `T`. A text that is none was never written by this program: the
/// file is damaged, and the statement fails.
pub fn parsed<T>(row: &Row<'_>, index: usize) -> Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let text = row.get_ref(index)?.as_str()?;
    text.parse().map_err(|error: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}
