//! A runtime of one thread, of which a service has one or [several](crate::workers).
//!
//! A request here is a few microseconds of work between waits. In a runtime of several threads the
//! tasks of one request are stolen and woken across cores, which costs more than the work. The journal,
//! the exporter of spans and the store have threads of their own.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// The threads for the names of peers and for the page's files; the store has threads of its own.
/// While a name server hangs, each peer keeps four of them for up to half a minute
/// (resolv.conf(5)), so enough are left for files whichever peers hang. Threads are made on demand
/// and end when they have been idle.
const BLOCKING_THREADS: usize = 64;

/// A look at what other threads have woken comes every so many tasks: at answers of the store, mostly. By
/// tokio's default of 31 an answer that is there waits behind thirty requests that have only come, and
/// while there is always a next one, work that was begun ends late. A look costs one load.
const OTHER_THREADS_EVERY: u32 = 2;

/// A runtime for the thread that calls its `block_on`.
pub(crate) fn build() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .global_queue_interval(OTHER_THREADS_EVERY)
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
}
