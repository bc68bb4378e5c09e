//! Tests of the store from its callers' side.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod failures;
mod groups;
mod readers;
mod spans;

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const MIGRATIONS: &[&str] = &["
    CREATE TABLE numbers (n INTEGER PRIMARY KEY);
    CREATE TABLE promises (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED);
"];

const INSERT: Operation = Operation::new("INSERT", "numbers");
const SELECT: Operation = Operation::new("SELECT", "numbers");

fn insert(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    connection
        .execute("INSERT INTO numbers (n) VALUES (?1)", [number])
        .map(drop)
}

/// Fails at the commit unless somebody inserts the number before.
fn promise(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    connection
        .execute("INSERT INTO promises (n) VALUES (?1)", [number])
        .map(drop)
}

/// SQLite's own limit stands in for a full disk: the same error, in the same place.
fn limit_pages(connection: &Connection, pages: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "max_page_count", pages)
}

fn fill(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("CREATE TABLE big AS SELECT zeroblob(1000000) AS b")
}

/// What SQLite may do by itself when a disk fails: the whole transaction is gone.
fn roll_back(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("ROLLBACK")?;
    limit_pages(connection, 1)?;
    fill(connection)
}

fn sum(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(sum(n), 0) FROM numbers", [], |row| {
        row.get(0)
    })
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("deep/store.db")
}

fn open_at(file: &Path, migrations: &[&str], tracer: SdkTracer) -> Result<Store, StoreError> {
    Store::open_with(file, migrations, tracer, StoreMetrics::new().unwrap())
}

fn no_tracer() -> SdkTracer {
    SdkTracerProvider::default().tracer("none")
}

fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open_at(&file_in(&folder), MIGRATIONS, no_tracer()).unwrap();
    (folder, store)
}

/// A write that holds the writer until it is released.
struct Held {
    release: mpsc::Sender<()>,
    write: JoinHandle<Result<(), StoreError>>,
    metrics: StoreMetrics,
}

impl Held {
    /// Inserts 1.
    async fn start(store: &Store) -> Self {
        let (release, released) = mpsc::channel::<()>();
        let (entered, inside) = oneshot::channel();
        let metrics = store.writer.metrics.clone();
        let store = store.clone();
        let write = tokio::spawn(async move {
            let write = move |connection: &Connection| {
                let _ = (entered.send(()), released.recv());
                insert(connection, 1)
            };
            store.write(INSERT, write).await
        });
        inside.await.unwrap();
        Self {
            release,
            write,
            metrics,
        }
    }

    /// Waits for as many writes behind this one.
    async fn queued(&self, writes: i64) {
        while self.metrics.waiting_writes() < writes {
            tokio::task::yield_now().await;
        }
    }

    /// Lets the writer go on when as many writes wait, so that they share a commit.
    async fn release(self, queued: i64) {
        self.queued(queued).await;
        self.release.send(()).unwrap();
        self.write.await.unwrap().unwrap();
    }
}
