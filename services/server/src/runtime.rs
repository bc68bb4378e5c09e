//! The runtime of a service: one thread unless more are asked for.
//!
//! A request here is a few microseconds of work between waits. On several threads the tasks of one
//! request are stolen and woken across cores, which costs more than the work. The journal, the
//! exporter of spans and the store have threads of their own.

use std::io;
use std::num::NonZero;

use tokio::runtime::{Builder, Runtime};

/// The threads for the names of peers and for the page's files; the store has threads of its own.
/// While a name server hangs, each peer keeps four of them for up to half a minute
/// (resolv.conf(5)), so enough are left for files whichever peers hang. Threads are made on demand
/// and end when they have been idle.
const BLOCKING_THREADS: usize = 64;

/// A runtime with so many threads for tasks.
pub(crate) fn build(worker_threads: NonZero<usize>) -> io::Result<Runtime> {
    let mut builder = if worker_threads.get() == 1 {
        Builder::new_current_thread()
    } else {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(worker_threads.get());
        builder
    };
    builder
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
}
