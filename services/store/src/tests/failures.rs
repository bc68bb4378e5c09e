//! Disks and files that fail, and callers that panic.

use std::io;
use std::ops::Range;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, TraceFlags};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::*;

#[tokio::test]
async fn a_write_that_panics_fails_alone_and_its_neighbours_are_committed() {
    // The first is undone in another way than the others.
    for panicking in 0..3 {
        let (_folder, store) = open();
        let held = Held::start(&store).await;
        let mut writes = Vec::new();
        for index in 0..3 {
            let write = move |connection: &Connection| {
                insert(connection, 10 << index)?;
                assert_ne!(index, panicking, "a fault of the program");
                Ok(())
            };
            let queued = store.clone();
            writes.push(tokio::spawn(
                async move { queued.write(INSERT, write).await },
            ));
            held.queued(index + 1).await;
        }
        held.release(3).await;
        let error = writes.remove(usize::try_from(panicking).unwrap());
        let error = error.await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Panicked(_)), "{error}");
        assert!(error.to_string().contains("a fault of the program"));
        assert!(!error.is_unavailable());
        for write in writes {
            write.await.unwrap().unwrap();
        }
        store
            .write(INSERT, |connection| insert(connection, 100))
            .await
            .unwrap();
        let stored = 1 + 10 + 20 + 40 - (10 << panicking) + 100;
        assert_eq!(store.read(SELECT, sum).await.unwrap(), stored);
    }
}

#[tokio::test]
async fn a_write_that_fails_with_no_other_in_its_group_leaves_nothing() {
    let (_folder, store) = open();
    let write = |connection: &Connection| {
        insert(connection, 1)?;
        insert(connection, 1)
    };
    store.write(INSERT, write).await.unwrap_err();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 0);
    let write = |connection: &Connection| insert(connection, 2);
    store.write(INSERT, write).await.unwrap();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 2);
}

#[tokio::test]
async fn a_panic_after_the_commit_does_not_undo_the_answer() {
    let (_folder, store) = open();
    let answer = store
        .write_then(
            INSERT,
            |connection| insert(connection, 7),
            |()| panic!("too late"),
        )
        .await;
    answer.unwrap();
    store.probe().await.unwrap();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 7);
}

#[tokio::test]
async fn a_read_that_panics_fails_alone() {
    let (_folder, store) = open();
    // More often than there are threads.
    for _ in 0..10 {
        let read = |_: &Connection| -> rusqlite::Result<()> { panic!("a fault of the program") };
        let error = store.read(SELECT, read).await.unwrap_err();
        assert!(matches!(error, StoreError::Panicked(_)), "{error}");
        let error = store.look_up(SELECT, read).await.unwrap_err();
        assert!(matches!(error, StoreError::Panicked(_)), "{error}");
    }
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 0);
    assert_eq!(store.look_up(SELECT, sum).await.unwrap(), 0);
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused() {
    let (folder, store) = open();
    drop(store);
    let opened = open_at(&file_in(&folder), &[], no_tracer());
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
    assert!(
        store
            .write(INSERT, write)
            .await
            .unwrap_err()
            .is_unavailable()
    );
    let read = store.read(SELECT, sum).await.unwrap_err();
    let look_up = store.look_up(SELECT, sum).await.unwrap_err();
    for error in [read, look_up] {
        assert!(
            error.is_unavailable(),
            "a new reader opened the other file: {error}"
        );
    }
    std::fs::remove_dir_all(&place).unwrap();
    std::fs::rename(&away, &place).unwrap();
    store.write(INSERT, write).await.unwrap();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 7);
    assert_eq!(store.look_up(SELECT, sum).await.unwrap(), 7);
}

#[tokio::test]
async fn a_store_recovers_when_its_disk_does() {
    let (_folder, store) = open();
    store
        .write(INSERT, |connection| limit_pages(connection, 1))
        .await
        .unwrap();
    assert!(
        store
            .write(INSERT, fill)
            .await
            .unwrap_err()
            .is_unavailable()
    );
    store
        .write(INSERT, |connection| limit_pages(connection, 100_000))
        .await
        .unwrap();
    store.write(INSERT, fill).await.unwrap();
}

#[test]
fn a_commit_is_uncertain_unless_its_error_says_that_nothing_was_stored() {
    use rusqlite::ffi::{
        Error, SQLITE_BUSY, SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CORRUPT, SQLITE_FULL,
        SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE, SQLITE_READONLY,
    };
    for (code, is_uncertain, status) in [
        (SQLITE_FULL, false, 503),
        (SQLITE_BUSY, false, 503),
        (SQLITE_CONSTRAINT_FOREIGNKEY, false, 500),
        (SQLITE_CORRUPT, false, 500),
        (SQLITE_IOERR_FSYNC, true, 502),
        (SQLITE_IOERR_WRITE, true, 502),
        (SQLITE_READONLY, true, 502),
    ] {
        let error = || StoreError::from(rusqlite::Error::SqliteFailure(Error::new(code), None));
        let (before, commit) = (error(), error().of_commit());
        assert!(!before.is_uncertain(), "{before}");
        assert_eq!(commit.is_uncertain(), is_uncertain, "{commit}");
        assert_eq!(commit.is_unavailable(), before.is_unavailable(), "{commit}");
        assert_eq!(commit.result_code(), before.result_code());
        let problem = api::Problem::from(commit);
        assert_eq!(problem.status, status, "{problem}");
        let unknown = problem.detail.contains("outcome is unknown");
        assert_eq!(unknown, is_uncertain, "{problem}");
    }
}

/// Panics when the first span ends, on the writer's thread.
#[derive(Debug, Default)]
struct PanicOnce(std::sync::atomic::AtomicBool);

impl SpanProcessor for PanicOnce {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, _: SpanData) {
        let again = self.0.swap(true, std::sync::atomic::Ordering::Relaxed);
        assert!(again, "a fault of the program");
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[tokio::test]
async fn the_end_of_the_writer_is_noticed_and_only_what_it_had_begun_is_uncertain() {
    let provider = SdkTracerProvider::builder()
        .with_span_processor(PanicOnce::default())
        .build();
    let folder = tempfile::tempdir().unwrap();
    let store = open_at(&file_in(&folder), MIGRATIONS, provider.tracer("store")).unwrap();
    let ended = tokio::spawn(store.writer_ended());
    store.probe().await.unwrap();
    assert!(!ended.is_finished());

    let held = Held::start(&store).await;
    let last = {
        let (store, write) = (store.clone(), |connection: &Connection| {
            insert(connection, 2)
        });
        let last = async move { store.write(INSERT, write).await };
        tokio::spawn(last.with_context(spans::caller(1, TraceFlags::SAMPLED)))
    };
    held.release(1).await;
    // It has its answer before its span is made.
    last.await.unwrap().unwrap();
    ended.await.unwrap();
    let write = |connection: &Connection| insert(connection, 3);
    let error = store.write(INSERT, write).await.unwrap_err();
    assert!(matches!(error, StoreError::Stopped), "{error}");
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 3);
}

#[tokio::test]
async fn a_write_that_the_writer_takes_with_it_is_uncertain() {
    let provider = SdkTracerProvider::builder()
        .with_span_processor(PanicOnce::default())
        .build();
    let folder = tempfile::tempdir().unwrap();
    let store = open_at(&file_in(&folder), MIGRATIONS, provider.tracer("store")).unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (entered, inside) = oneshot::channel();
    let first = {
        let store = store.clone();
        let write = move |connection: &Connection| {
            let _ = (entered.send(()), released.recv());
            insert(connection, 1)
        };
        let first = async move { store.write(INSERT, write).await };
        tokio::spawn(first.with_context(spans::caller(1, TraceFlags::SAMPLED)))
    };
    inside.await.unwrap();
    let second = {
        let store = store.clone();
        let write = |connection: &Connection| insert(connection, 2);
        tokio::spawn(async move { store.write(INSERT, write).await })
    };
    while store.writer.metrics.waiting_writes() < 1 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    let error = second.await.unwrap().unwrap_err();
    assert!(error.is_uncertain() && error.is_unavailable(), "{error}");
}

/// Queues a good write behind `breaks` in one group; their errors.
async fn fail_together(
    store: &Store,
    breaks: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
) -> [StoreError; 2] {
    let held = Held::start(store).await;
    let good = {
        let store = store.clone();
        let write = |connection: &Connection| insert(connection, 2);
        tokio::spawn(async move { store.write(INSERT, write).await })
    };
    let bad = {
        let store = store.clone();
        tokio::spawn(async move { store.write(INSERT, breaks).await })
    };
    held.release(2).await;
    [
        good.await.unwrap().unwrap_err(),
        bad.await.unwrap().unwrap_err(),
    ]
}

#[tokio::test]
async fn what_a_full_disk_rolls_back_is_unavailable_to_the_whole_group() {
    let (_folder, store) = open();
    let errors = fail_together(&store, roll_back).await;
    for error in errors {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(error.is_unavailable());
    }
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 1);
}

#[tokio::test]
async fn a_write_that_keeps_to_itself_that_all_was_rolled_back_fails_its_group() {
    let (_folder, store) = open();
    let held = Held::start(&store).await;
    let write = |queued: Store, number| {
        let work = move |connection: &Connection| match number {
            0 => {
                let _ = roll_back(connection);
                Ok(())
            }
            _ => insert(connection, number),
        };
        tokio::spawn(async move { queued.write(INSERT, work).await })
    };
    let silent = write(store.clone(), 0);
    held.queued(1).await;
    let good = write(store.clone(), 2);
    held.release(2).await;
    silent.await.unwrap().unwrap_err();
    good.await.unwrap().unwrap_err();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 1);
}

#[tokio::test]
async fn a_commit_that_fails_fails_every_write_of_its_group_for_the_same_reason() {
    let (_folder, store) = open();
    let errors = fail_together(&store, |connection| promise(connection, 99)).await;
    for error in errors {
        assert!(matches!(error, StoreError::Statement(_)), "{error}");
        assert!(!error.is_unavailable(), "it would fail again: {error}");
    }
    store.probe().await.unwrap();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_that_is_found_damaged_by_a_group_is_damaged_to_its_callers_and_its_health() {
    let (folder, store) = open();
    // After a failed commit the writer closes its file, and opens it again for the next group.
    store
        .write(INSERT, |connection| promise(connection, 99))
        .await
        .unwrap_err();
    wait_for_close(&file_in(&folder)).await;
    overwrite(&file_in(&folder), 0..4096).unwrap();
    let error = store
        .write(INSERT, |connection| insert(connection, 7))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    assert!(!error.is_unavailable());
    assert!(store.probe().await.is_err());
}

#[tokio::test]
async fn damage_that_a_read_has_met_makes_the_store_unhealthy() {
    let (folder, store) = open();
    for number in 1..=3 {
        store
            .write(INSERT, move |connection| insert(connection, number))
            .await
            .unwrap();
    }
    drop(store);
    // The page of the table; the schema and the page that a probe writes to are sound.
    let file = file_in(&folder);
    wait_for_close(&file).await;
    overwrite(&file, 4096..8192).unwrap();
    let store = open_at(&file, MIGRATIONS, no_tracer()).unwrap();
    store.probe().await.unwrap();
    let error = store.read(SELECT, sum).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    let error = store.probe().await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

/// Writes noise over these bytes of the file, in place.
fn overwrite(file: &Path, damaged: Range<usize>) -> io::Result<()> {
    let mut bytes = std::fs::read(file)?;
    bytes[damaged].fill(b'x');
    std::fs::write(file, bytes)
}

/// The last connection removes the log when it is closed.
async fn wait_for_close(file: &Path) {
    let log = file.with_extension("db-wal");
    while log.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
