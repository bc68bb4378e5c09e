//! Transactions that writes share.

use std::sync::Arc;

use parking_lot::Mutex;

use super::*;

#[tokio::test]
async fn a_failed_write_takes_nothing_of_its_neighbours_in_the_same_group() {
    let (_folder, store) = open();
    let writes: Vec<_> = (1..=500)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let write = move |connection: &Connection| {
                    insert(connection, number)?;
                    // Every fifth breaks after its first statement has worked.
                    if number % 5 == 0 {
                        insert(connection, number)
                    } else {
                        Ok(())
                    }
                };
                store.write(INSERT, write).await
            })
        })
        .collect();
    let mut failed = 0;
    for write in writes {
        failed += usize::from(write.await.unwrap().is_err());
    }
    assert_eq!(failed, 100);
    let expected: i64 = (1..=500).filter(|number| number % 5 != 0).sum();
    assert_eq!(store.read(SELECT, sum).await.unwrap(), expected);
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_store_is_opened_again() {
    let (folder, store) = open();
    store
        .write(INSERT, |connection| insert(connection, 7))
        .await
        .unwrap();
    let again = open_at(&file_in(&folder), MIGRATIONS, no_tracer()).unwrap();
    assert_eq!(again.read(SELECT, sum).await.unwrap(), 7);
}

#[tokio::test]
async fn a_commit_is_synced_before_it_is_answered() {
    let (_folder, store) = open();
    let (mode, level) = store
        .write(INSERT, |connection| {
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
    let metrics = store.writer.metrics.clone();
    let held = Held::start(&store).await;
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 0);
    assert_eq!(metrics.waiting_writes(), 0, "it runs");

    let queued: Vec<_> = (2..=200)
        .map(|number| {
            let store = store.clone();
            let write = move |connection: &Connection| insert(connection, number);
            tokio::spawn(async move { store.write(INSERT, write).await })
        })
        .collect();
    let log = folder.path().join("deep/store.db-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let before = length();
    held.release(199).await;
    for write in queued {
        write.await.unwrap().unwrap();
    }
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 20_100);
    // A commit appends at least one page of 4 KiB; 200 would be 800 KiB.
    let grown = length() - before;
    assert!(grown < 10 * 4096, "{grown} bytes for two commits");
    assert_eq!(metrics.waiting_writes(), 0);
    assert_eq!(metrics.commits(), (2, 200.0), "two commits of 200 writes");
}

#[tokio::test]
async fn a_write_whose_caller_gives_up_before_the_queue_has_room_waits_no_more() {
    let (_folder, store) = open();
    let held = Held::start(&store).await;
    // The queue holds 1,024.
    let mut writes: Vec<_> = (2..=1030)
        .map(|number| {
            let store = store.clone();
            let write = move |connection: &Connection| insert(connection, number);
            tokio::spawn(async move { store.write(INSERT, write).await })
        })
        .collect();
    held.queued(1029).await;
    let last = writes.pop().unwrap();
    last.abort();
    assert!(last.await.unwrap_err().is_cancelled());
    assert_eq!(store.writer.metrics.waiting_writes(), 1028);
    held.release(1028).await;
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(store.writer.metrics.waiting_writes(), 0);
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 1029 * 1030 / 2);
}

/// The numbers that `committed` has seen.
type Seen = Arc<Mutex<Vec<i64>>>;

/// Inserts a number and notes it when it is committed.
async fn noted(store: Store, number: i64, seen: Seen) -> Result<i64, StoreError> {
    let write = move |connection: &Connection| insert(connection, number).map(|()| number);
    let note = move |number: &i64| seen.lock().push(*number);
    store.write_then(INSERT, write, note).await
}

#[tokio::test]
async fn committed_runs_when_the_write_is_on_the_disk_and_before_the_answer() {
    let (folder, store) = open();
    let file = file_in(&folder);
    let (found, find) = mpsc::channel();
    let look = move |(): &()| {
        let other = rusqlite::Connection::open_with_flags_and_vfs(
            file,
            rusqlite::OpenFlags::default(),
            "unix-excl",
        );
        found.send(sum(&other.unwrap()).unwrap()).unwrap();
    };
    store
        .write_then(INSERT, |connection| insert(connection, 7), look)
        .await
        .unwrap();
    assert_eq!(find.try_recv(), Ok(7));
}

#[tokio::test]
async fn committed_runs_also_when_the_caller_has_gone_away() {
    let (_folder, store) = open();
    let held = Held::start(&store).await;
    let seen = Seen::default();
    let gone = tokio::spawn(noted(store.clone(), 2, Arc::clone(&seen)));
    held.queued(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert!(seen.lock().is_empty());
    held.release(1).await;
    // One behind it, so that it is done.
    store.probe().await.unwrap();
    assert_eq!(*seen.lock(), [2]);
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 3);
}

#[tokio::test]
async fn committed_does_not_run_when_the_commit_fails() {
    let (_folder, store) = open();
    let held = Held::start(&store).await;
    let seen = Seen::default();
    let stays = tokio::spawn(noted(store.clone(), 2, Arc::clone(&seen)));
    let gone = tokio::spawn(noted(store.clone(), 3, Arc::clone(&seen)));
    let breaks = {
        let store = store.clone();
        let write = |connection: &Connection| promise(connection, 99);
        tokio::spawn(async move { store.write(INSERT, write).await })
    };
    held.queued(3).await;
    gone.abort();
    held.release(3).await;
    assert!(stays.await.unwrap().is_err());
    assert!(breaks.await.unwrap().is_err());
    store.probe().await.unwrap();
    assert!(seen.lock().is_empty());
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 1);
    // Nor when it is the write that fails.
    noted(store.clone(), 1, Arc::clone(&seen))
        .await
        .unwrap_err();
    assert!(seen.lock().is_empty());
}
