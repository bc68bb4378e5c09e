//! An embedded SQLite for one service: one writer that commits in groups, readers that never
//! wait for it.
//!
//! Durability costs one fsync a commit. [`Store::write`] queues its statements ([`writer`]); one
//! thread runs whatever is queued in one transaction, commits once, and then answers all of them
//! ([`group`]). An answer therefore means that the bytes are on the disk (WAL with
//! `synchronous=FULL`), and a thousand orders at once pay for a handful of fsyncs. Reads have
//! threads and connections of their own and see the last commit ([`readers`]), except those of a
//! few rows by their key, which run where they are asked for ([`look_ups`]). All leave spans in
//! the trace of their caller ([`spans`]).

mod column;
mod connection;
mod error;
mod group;
mod job;
mod look_ups;
mod metrics;
mod operation;
mod problem;
mod read_queue;
mod readers;
mod retention;
mod spans;
#[cfg(test)]
mod tests;
mod write;
mod writer;

use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use column::parsed;
pub use error::StoreError;
use opentelemetry_sdk::trace::SdkTracer;
pub use operation::Operation;
pub use retention::forget_old;
pub use rusqlite;
use rusqlite::Connection;
use telemetry::Telemetry;

use connection::DatabaseFile;
use metrics::StoreMetrics;
use readers::Readers;
use spans::{Call, Spans};
use writer::Writer;

/// A store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Writer,
    readers: Readers,
    /// The first damage that a call has met.
    damage: Arc<OnceLock<StoreError>>,
}

impl Store {
    /// Opens or makes the database `file`, and brings it to the last of `migrations`, each of
    /// which runs once and in order (`PRAGMA user_version` counts them). A process has one store:
    /// its metrics have no label that would tell two apart.
    pub fn open(
        file: &Path,
        migrations: &'static [&'static str],
        telemetry: &Telemetry,
    ) -> Result<Self, StoreError> {
        let tracer = telemetry
            .traces
            .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let metrics = StoreMetrics::new().and_then(|metrics| {
            metrics.register(&telemetry.metrics)?;
            Ok(metrics)
        });
        let metrics = metrics.map_err(|error| StoreError::Metrics(Arc::new(error)))?;
        Self::open_with(file, migrations, tracer, metrics)
    }

    fn open_with(
        path: &Path,
        migrations: &[&str],
        tracer: SdkTracer,
        metrics: StoreMetrics,
    ) -> Result<Self, StoreError> {
        let open = || {
            let (file, connection) = DatabaseFile::open(path, migrations)?;
            let spans = Spans::new(tracer, path);
            Ok(Self {
                writer: Writer::start(file.clone(), connection, spans.clone(), metrics)?,
                readers: Readers::new(file, spans),
                damage: Arc::default(),
            })
        };
        open().map_err(|error| StoreError::Open {
            file: path.to_owned(),
            error: Box::new(error),
        })
    }

    /// Runs `work` in the next transaction and waits until it is committed to the disk. When
    /// `work` fails or panics, nothing of it remains; what others wrote in the same transaction
    /// does.
    pub async fn write<T, F>(&self, operation: Operation, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_then(operation, work, |_| {}).await
    }

    /// Like [`Store::write`]. `committed` is called with the outcome once it is on the disk and
    /// before the caller has its answer, also when the caller has gone away by then. When the write
    /// or its commit fails, it is not called. It runs on the writer's thread, so it has to be short.
    pub async fn write_then<T, F, C>(
        &self,
        operation: Operation,
        work: F,
        committed: C,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let written = self.writer.run(Call::begin(operation), work, committed);
        self.remember_damage(written.await)
    }

    /// Runs `work` on a connection that can only read.
    pub async fn read<T, F>(&self, operation: Operation, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let read = self.readers.run(Call::begin(operation), work);
        self.remember_damage(read.await)
    }

    /// Like [`Store::read`], for `work` that finds a few rows by their key. It runs on the caller's own
    /// thread, since to wake another would cost more than the read, and waits for nothing but a page that
    /// is not in memory: where it meets a lock, `work` is run again, as any other read is.
    pub async fn look_up<T, F>(&self, operation: Operation, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let read = self.readers.look_up(Call::begin(operation), work);
        self.remember_damage(read.await)
    }

    /// Writes a byte through the writer to the disk: an error means that the store is unusable.
    /// Damage that any earlier call has met counts until a restart, since the page that the probe
    /// writes to may be sound. Makes no span.
    pub async fn probe(&self) -> Result<(), StoreError> {
        if let Some(damage) = self.damage.get() {
            return Err(damage.clone());
        }
        let write = |connection: &Connection| {
            connection
                .prepare_cached("INSERT INTO probe (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET at = unixepoch()")?
                .execute([])
                .map(drop)
        };
        self.remember_damage(self.writer.run(None, write, |()| {}).await)
    }

    /// Resolves, after it has logged an error, if the thread that writes has ended: by a panic, since
    /// it serves for as long as somebody has the store. Every later write fails then, and only a
    /// restart helps.
    pub fn writer_ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let ended = self.writer.ended();
        async move {
            ended.await;
            tracing::error!("the thread that writes to the store has ended");
        }
    }

    fn remember_damage<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error @ StoreError::Damaged(_)) = &result {
            self.damage.get_or_init(|| error.clone());
        }
        result
    }
}
