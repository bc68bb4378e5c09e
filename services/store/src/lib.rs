//! An embedded SQLite for one service: one writer that commits in groups, readers that never
//! wait for it.
//!
//! Durability costs one fsync a commit. [`Store::write`] queues its statements; the [`writer`]
//! runs whatever is queued in one transaction, commits once, and then answers all of them. An
//! answer therefore means that the bytes are on the disk (WAL with `synchronous=FULL`), and a
//! thousand orders at once pay for a handful of fsyncs. Reads go through connections of their
//! own and see the last commit.

mod column;
mod connection;
mod error;
mod operation;
mod problem;
mod readers;
mod writer;

use std::path::Path;

pub use column::parsed;
pub use error::StoreError;
pub use operation::Operation;
pub use rusqlite;
use rusqlite::Connection;
use telemetry::Telemetry;

use readers::Readers;
use writer::Writer;

/// How many connections read at once: one for each core of a small machine and as many again,
/// since a read that misses the page cache waits for the disk.
const READERS: usize = 4;

const PROBE: Operation = Operation::new("INSERT", "probe");

/// A store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Writer,
    readers: Readers,
}

impl Store {
    /// Opens or makes the database `file`, and brings it to the last of `migrations`, each of
    /// which runs once and in order (`PRAGMA user_version` counts them).
    pub fn open(
        file: &Path,
        migrations: &'static [&'static str],
        _telemetry: &Telemetry,
    ) -> Result<Self, StoreError> {
        Self::try_open(file, migrations).map_err(|error| StoreError::Open {
            file: file.to_owned(),
            error: Box::new(error),
        })
    }

    fn try_open(file: &Path, migrations: &'static [&'static str]) -> Result<Self, StoreError> {
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory).map_err(StoreError::Directory)?;
        }
        let mut connection = connection::open_writer(file)?;
        connection::migrate(&mut connection, migrations)?;
        Ok(Self {
            writer: Writer::start(file.to_owned(), connection)?,
            readers: Readers::new(file.to_owned(), READERS),
        })
    }

    /// Runs `work` in the next transaction and waits until it is committed to the disk. When
    /// `work` fails, nothing of it remains; what others wrote in the same transaction does.
    pub async fn write<T, F>(&self, operation: Operation, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_then(operation, work, |_| {}).await
    }

    /// Like [`Store::write`]; `committed` sees the outcome once it is on the disk, even when the
    /// caller has gone away by then. It runs on the writer's thread, so it has to be short.
    pub async fn write_then<T, F, C>(
        &self,
        _operation: Operation,
        work: F,
        committed: C,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        self.writer.run(work, committed).await
    }

    /// Runs `work` on a connection that can only read.
    pub async fn read<T, F>(&self, _operation: Operation, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Writes a byte through the writer to the disk: an error means that the store is unusable.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.write(PROBE, |connection| {
            connection
                .prepare_cached("INSERT INTO probe (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET at = unixepoch()")?
                .execute([])
                .map(drop)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const MIGRATIONS: &[&str] = &["CREATE TABLE numbers (n INTEGER PRIMARY KEY)"];

    fn insert(connection: &Connection, number: i64) -> rusqlite::Result<()> {
        connection
            .execute("INSERT INTO numbers (n) VALUES (?1)", [number])
            .map(drop)
    }

    fn sum(connection: &Connection) -> rusqlite::Result<i64> {
        connection.query_row("SELECT coalesce(sum(n), 0) FROM numbers", [], |row| {
            row.get(0)
        })
    }

    fn open() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("deep/store.db"), MIGRATIONS).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn a_failed_write_takes_nothing_of_its_neighbours_in_the_same_group() {
        let (_folder, store) = open();
        let store = Arc::new(store);
        let writes: Vec<_> = (1..=500)
            .map(|number| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    store
                        .write(move |connection| {
                            insert(connection, number)?;
                            // Every fifth breaks after its first statement has worked.
                            if number % 5 == 0 {
                                insert(connection, number)
                            } else {
                                Ok(())
                            }
                        })
                        .await
                })
            })
            .collect();
        let mut failed = 0;
        for write in writes {
            failed += usize::from(write.await.unwrap().is_err());
        }
        assert_eq!(failed, 100);
        let expected: i64 = (1..=500).filter(|number| number % 5 != 0).sum();
        assert_eq!(store.read(sum).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn what_was_answered_is_there_after_the_store_is_opened_again() {
        let (folder, store) = open();
        store
            .write(|connection| insert(connection, 7))
            .await
            .unwrap();
        let again = Store::open(&folder.path().join("deep/store.db"), MIGRATIONS).unwrap();
        assert_eq!(again.read(sum).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_commit_is_synced_before_it_is_answered() {
        let (_folder, store) = open();
        let (mode, level) = store
            .write(|connection| {
                let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
                let level = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
                Ok::<(String, i64), _>((mode, level))
            })
            .await
            .unwrap();
        // <https://www.sqlite.org/pragma.html#pragma_synchronous>: 2 is FULL.
        assert_eq!((mode.as_str(), level), ("wal", 2));
    }

    #[tokio::test]
    async fn reads_do_not_wait_for_a_write_and_what_queues_behind_it_is_one_commit() {
        let (folder, store) = open();
        let store = Arc::new(store);
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let spawn = |number, wait: Box<dyn FnOnce() + Send>| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let write = move |connection: &Connection| {
                    wait();
                    insert(connection, number)
                };
                store.write(write).await
            })
        };
        let slow = spawn(
            1,
            Box::new(move || {
                let _ = (entered.send(()), released.recv());
            }),
        );
        inside.await.unwrap();
        assert_eq!(store.read(sum).await.unwrap(), 0);

        let queued: Vec<_> = (2..=200)
            .map(|number| spawn(number, Box::new(|| {})))
            .collect();
        // On this one thread all of them are in the queue when this goes on.
        tokio::task::yield_now().await;
        let log = folder.path().join("deep/store.db-wal");
        let length = || std::fs::metadata(&log).unwrap().len();
        let before = length();
        release.send(()).unwrap();
        for write in std::iter::once(slow).chain(queued) {
            write.await.unwrap().unwrap();
        }
        assert_eq!(store.read(sum).await.unwrap(), 20_100);
        // A commit appends at least one page of 4 KiB; 200 would be 800 KiB.
        let grown = length() - before;
        assert!(grown < 10 * 4096, "{grown} bytes for two commits");
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let (_folder, store) = open();
        assert!(
            store
                .read(|connection| insert(connection, 1))
                .await
                .is_err()
        );
        store.probe().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_of_a_newer_program_is_refused() {
        let (folder, store) = open();
        drop(store);
        let opened = Store::open(&folder.path().join("deep/store.db"), &[]);
        let Err(StoreError::Open { error, .. }) = opened else {
            panic!("it was opened");
        };
        assert!(matches!(*error, StoreError::Newer { found: 1, known: 0 }));
    }

    #[tokio::test]
    async fn a_store_whose_file_is_taken_away_takes_nothing_until_it_is_back() {
        let (folder, store) = open();
        let (place, away) = (folder.path().join("deep"), folder.path().join("away"));
        std::fs::rename(&place, &away).unwrap();
        assert!(store.probe().await.unwrap_err().is_unavailable());
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("store.db"), "").unwrap();
        let write = |connection: &Connection| insert(connection, 7);
        assert!(store.write(write).await.unwrap_err().is_unavailable());
        std::fs::remove_dir_all(&place).unwrap();
        std::fs::rename(&away, &place).unwrap();
        store.write(write).await.unwrap();
        assert_eq!(store.read(sum).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_store_heals_when_its_disk_does() {
        let (_folder, store) = open();
        // SQLite's own limit stands in for a full disk: the same error, in the same place.
        store
            .write(|connection| connection.pragma_update(None, "max_page_count", 1))
            .await
            .unwrap();
        let fill = |connection: &Connection| {
            connection.execute_batch("CREATE TABLE big AS SELECT zeroblob(1000000) AS b")
        };
        assert!(store.write(fill).await.unwrap_err().is_unavailable());
        store
            .write(|connection| connection.pragma_update(None, "max_page_count", 100_000))
            .await
            .unwrap();
        store.write(fill).await.unwrap();
    }
}
