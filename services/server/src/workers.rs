//! The threads that run requests. Each has a runtime of its own and shares nothing with the others:
//! a connection stays with the worker that it was given to, and so does all that is done for it.
//!
//! Every worker accepts, so the one that has time does it. It gives the connection to the worker that
//! has been least busy, and of those that have been equally busy to the one with the fewest
//! connections: a core that is busy with a few lively connections gets no more of them while another
//! idles, whoever has accepted them.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::{Handle, Runtime, RuntimeMetrics};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::queue::Queue;
use crate::runtime;

/// How long a worker's business is measured before it counts: some hundred requests.
const MEASURED: Duration = Duration::from_millis(50);

/// In how many steps a worker may be busy. Two in the same step count as equally busy.
const STEPS: u32 = 10;

/// How long a worker's runtime waits for its threads when all is done.
const SHUTDOWN: Duration = Duration::from_millis(100);

/// The workers.
#[derive(Debug)]
pub(crate) struct Workers {
    all: Vec<Worker>,
    measured: Mutex<Instant>,
}

/// The threads of all workers but the first, which end when this is dropped. Not to be dropped on one
/// of them.
#[derive(Debug)]
pub(crate) struct Threads(Vec<(oneshot::Sender<()>, JoinHandle<()>)>);

/// A worker.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) runtime: Handle,
    /// What waits for it, where that is measured.
    pub(crate) queue: Option<Arc<Queue>>,
    load: Arc<Load>,
    metrics: RuntimeMetrics,
}

/// How busy a worker is.
#[derive(Debug, Default)]
struct Load {
    connections: AtomicUsize,
    /// How busy it was when that was last measured, in [`STEPS`].
    busy: AtomicUsize,
    /// For how many milliseconds it had been busy by then, since its start.
    busy_until_then: AtomicUsize,
}

/// Counts a connection as one of a worker until it is dropped.
#[derive(Debug)]
pub(crate) struct Share(Arc<Load>);

impl Workers {
    /// So many workers, of which the runtime in which this is called is the first. `queue` makes what
    /// measures the queue of each.
    pub(crate) fn start(
        count: NonZero<usize>,
        queue: impl Fn() -> Option<Queue>,
    ) -> io::Result<(Self, Threads)> {
        let mut all = vec![Worker::new(Handle::current(), queue())];
        let mut threads = Threads(Vec::new());
        for number in 1..count.get() {
            let runtime = runtime::build()?;
            all.push(Worker::new(runtime.handle().clone(), queue()));
            threads.start(number, runtime)?;
        }
        let measured = Mutex::new(Instant::now());
        Ok((Self { all, measured }, threads))
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Worker] {
        &self.all
    }

    /// The worker for a new connection, and its share in what that one has to do.
    pub(crate) fn least_busy(&self) -> (&Worker, Share) {
        self.measure();
        let worker = self.all.iter().min_by_key(|worker| worker.load.rank());
        let worker = worker.expect("there is one at least");
        worker.load.connections.fetch_add(1, Ordering::Relaxed);
        (worker, Share(Arc::clone(&worker.load)))
    }

    /// Measures how busy the workers have been, if it is time.
    fn measure(&self) {
        // Whoever holds the lock does it.
        if let Some(mut measured) = self.measured.try_lock()
            && self.all.len() > 1
            && measured.elapsed() >= MEASURED
        {
            let elapsed = std::mem::replace(&mut *measured, Instant::now()).elapsed();
            for worker in &self.all {
                let busy = worker.metrics.worker_total_busy_duration(0);
                worker.load.measured(busy, elapsed);
            }
        }
    }
}

impl Threads {
    fn start(&mut self, number: usize, runtime: Runtime) -> io::Result<()> {
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || {
                let _ = runtime.block_on(ended);
                runtime.shutdown_timeout(SHUTDOWN);
            })?;
        self.0.push((end, thread));
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let (ends, threads): (Vec<_>, Vec<_>) = self.0.drain(..).unzip();
        drop(ends);
        for thread in threads {
            // It has panicked for nothing that matters now.
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn new(runtime: Handle, queue: Option<Queue>) -> Self {
        let queue = queue.map(Arc::new);
        if let Some(queue) = &queue {
            runtime.spawn(Arc::clone(queue).pass_marks());
        }
        Self {
            metrics: runtime.metrics(),
            runtime,
            queue,
            load: Arc::default(),
        }
    }

    /// Whether it is the one that runs this.
    pub(crate) fn is_current(&self) -> bool {
        Handle::try_current().is_ok_and(|current| current.id() == self.runtime.id())
    }
}

impl Load {
    fn rank(&self) -> (usize, usize) {
        let busy = self.busy.load(Ordering::Relaxed);
        (busy, self.connections.load(Ordering::Relaxed))
    }

    /// It has been busy for so long since its start; `elapsed` have passed since that was asked last.
    fn measured(&self, busy: Duration, elapsed: Duration) {
        let busy = usize::try_from(busy.as_millis()).unwrap_or(usize::MAX);
        let before = self.busy_until_then.swap(busy, Ordering::Relaxed);
        let elapsed = usize::try_from(elapsed.as_millis()).unwrap_or(usize::MAX);
        let steps = busy.saturating_sub(before) * STEPS as usize / elapsed.max(1);
        self.busy.store(steps, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers() -> (Workers, Threads) {
        Workers::start(NonZero::new(2).unwrap(), || None).unwrap()
    }

    /// To which worker a connection goes that nobody closes.
    fn given(workers: &Workers) -> usize {
        let (worker, share) = workers.least_busy();
        std::mem::forget(share);
        workers
            .all
            .iter()
            .position(|one| std::ptr::eq(one, worker))
            .unwrap()
    }

    #[tokio::test]
    async fn of_equally_busy_workers_the_one_with_fewer_connections_gets_the_next() {
        let (workers, _threads) = workers();
        let first = given(&workers);
        assert_ne!(given(&workers), first);
        let (last, share) = workers.least_busy();
        assert_eq!(last.load.connections.load(Ordering::Relaxed), 2);
        drop(share);
        assert_eq!(last.load.connections.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_busy_worker_gets_no_connection_while_another_idles_however_few_it_has() {
        let (workers, _threads) = workers();
        let [busy, idle] = [0, 1].map(|number: usize| &workers.all[number].load);
        busy.measured(Duration::from_millis(90), Duration::from_millis(100));
        idle.measured(Duration::from_millis(5), Duration::from_millis(100));
        for _ in 0..100 {
            assert_eq!(given(&workers), 1);
        }
        busy.measured(Duration::from_millis(91), Duration::from_millis(100));
        assert_eq!(given(&workers), 0, "it is busy no more");
    }

    #[tokio::test]
    async fn what_a_worker_is_given_runs_on_a_thread_of_its_own() {
        let (workers, _threads) = workers();
        let thread = async || thread::current().id();
        let other = workers.all[1].runtime.spawn(thread()).await.unwrap();
        assert_ne!(other, thread::current().id());
        assert_eq!(
            workers.all[0].runtime.spawn(thread()).await.unwrap(),
            thread::current().id()
        );
    }
}
