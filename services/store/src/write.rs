//! A write as the writer's thread sees it.

use rusqlite::Connection;

use crate::StoreError;
use crate::spans::Answered;

/// How many writes share one transaction. At some 20 us each a transaction stays below 10 ms, so
/// that the first does not wait long for the last.
pub(crate) const GROUP_WRITES: usize = 256;

/// A write in the queue, whatever it returns.
pub(crate) trait Write: Send {
    /// Runs the statements. On an error they have to be rolled back.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;

    /// Answers the caller, after the commit or its failure. Returns what its span is made of, if
    /// it has one.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>) -> Option<Answered>;
}
