//! Reads, and what they do not depend on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::*;

/// Far longer than a read takes.
const BOUND: Duration = Duration::from_secs(10);

#[test]
fn reads_answer_while_every_blocking_thread_of_the_runtime_hangs() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .unwrap();
    let (_folder, store) = open();
    runtime.block_on(async {
        // As a lookup of a name does when the name server is silent.
        let (ends, hanging): (Vec<_>, Vec<_>) = (0..2)
            .map(|_| {
                let (end, ended) = mpsc::channel::<()>();
                (end, tokio::task::spawn_blocking(move || ended.recv()))
            })
            .unzip();
        let read = tokio::time::timeout(BOUND, store.read(SELECT, sum)).await;
        assert_eq!(read.expect("an answer").unwrap(), 0);
        drop(ends);
        for task in hanging {
            let _ = task.await.unwrap();
        }
    });
}

#[tokio::test]
async fn as_many_reads_as_there_are_readers_run_at_once_and_the_others_after_them() {
    let (_folder, store) = open();
    let barrier = Arc::new(Barrier::new(4));
    let reads: Vec<_> = (0..12)
        .map(|_| {
            let (store, barrier) = (store.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                let read = move |connection: &Connection| {
                    barrier.wait();
                    sum(connection)
                };
                store.read(SELECT, read).await
            })
        })
        .collect();
    for read in reads {
        let read = tokio::time::timeout(BOUND, read).await;
        assert_eq!(read.expect("an answer").unwrap().unwrap(), 0);
    }
}

#[tokio::test]
async fn a_read_whose_caller_gives_up_while_it_waits_is_not_made() {
    let (_folder, store) = open();
    let begun = Arc::new(AtomicUsize::new(0));
    let barrier = Arc::new(Barrier::new(5));
    let reading: Vec<_> = (0..4)
        .map(|_| {
            let (store, begun) = (store.clone(), Arc::clone(&begun));
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                let read = move |_: &Connection| {
                    begun.fetch_add(1, Ordering::Relaxed);
                    barrier.wait();
                    Ok(())
                };
                store.read(SELECT, read).await
            })
        })
        .collect();
    while begun.load(Ordering::Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
    let (made, is_made) = mpsc::channel();
    let gives_up = {
        let store = store.clone();
        let read = move |_: &Connection| Ok(made.send(()));
        tokio::spawn(async move { store.read(SELECT, read).await })
    };
    while store.readers.waiting() < 1 {
        tokio::task::yield_now().await;
    }
    gives_up.abort();
    assert!(gives_up.await.unwrap_err().is_cancelled());
    tokio::task::spawn_blocking(move || barrier.wait())
        .await
        .unwrap();
    for read in reading {
        read.await.unwrap().unwrap();
    }
    let dropped = tokio::task::spawn_blocking(move || is_made.recv_timeout(BOUND));
    assert_eq!(
        dropped.await.unwrap(),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
    assert_eq!(store.read(SELECT, sum).await.unwrap(), 0);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let (_folder, store) = open();
    let write = |connection: &Connection| insert(connection, 1);
    assert!(store.read(SELECT, write).await.is_err());
    assert!(store.look_up(SELECT, write).await.is_err());
    store.probe().await.unwrap();
}

#[tokio::test]
async fn a_look_up_runs_on_the_thread_of_its_caller_and_sees_the_last_commit() {
    let (_folder, store) = open();
    let here = |connection: &Connection| Ok((sum(connection)?, std::thread::current().id()));
    let us = std::thread::current().id();
    for (number, sum) in [(1, 1), (2, 3), (3, 6)] {
        let write = move |connection: &Connection| insert(connection, number);
        store.write(INSERT, write).await.unwrap();
        assert_eq!(store.look_up(SELECT, here).await.unwrap(), (sum, us));
    }
}

#[tokio::test]
async fn a_look_up_that_meets_a_lock_is_left_to_a_reader() {
    let (_folder, store) = open();
    let us = std::thread::current().id();
    let locked = move |connection: &Connection| {
        if std::thread::current().id() == us {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, None));
        }
        sum(connection)
    };
    assert_eq!(store.look_up(SELECT, locked).await.unwrap(), 0);
}

#[tokio::test]
async fn look_ups_of_several_threads_run_at_once() {
    let (_folder, store) = open();
    let barrier = Arc::new(Barrier::new(3));
    let look_ups: Vec<_> = (0..3)
        .map(|_| {
            let (store, barrier) = (store.clone(), Arc::clone(&barrier));
            let runtime = tokio::runtime::Handle::current();
            tokio::task::spawn_blocking(move || {
                let read = move |connection: &Connection| {
                    barrier.wait();
                    sum(connection)
                };
                runtime.block_on(store.look_up(SELECT, read))
            })
        })
        .collect();
    for look_up in look_ups {
        let look_up = tokio::time::timeout(BOUND, look_up).await;
        assert_eq!(look_up.expect("an answer").unwrap().unwrap(), 0);
    }
}

#[tokio::test]
async fn the_threads_end_with_the_store() {
    let (_folder, store) = open();
    let (sender, dropped) = mpsc::channel::<()>();
    // Each thread holds this in its own storage until it ends.
    thread_local! {
        static HELD: std::cell::RefCell<Option<mpsc::Sender<()>>> = const { std::cell::RefCell::new(None) };
    }
    let hold = |sender: mpsc::Sender<()>| {
        move |_: &Connection| {
            HELD.set(Some(sender));
            Ok(())
        }
    };
    store.read(SELECT, hold(sender.clone())).await.unwrap();
    store.write(INSERT, hold(sender)).await.unwrap();
    assert_eq!(dropped.try_recv(), Err(mpsc::TryRecvError::Empty));
    drop(store);
    let ended = tokio::task::spawn_blocking(move || dropped.recv_timeout(BOUND));
    assert_eq!(
        ended.await.unwrap(),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}
