//! More than a service can take, and as much as it can. A program of its own, so that no other test runs
//! beside it.

mod flood;
mod overload;
mod oversell;

use tokio::sync::Mutex;

/// One test at a time, or they would slow each other down.
static ALONE: Mutex<()> = Mutex::const_new(());
