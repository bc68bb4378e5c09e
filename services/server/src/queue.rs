//! The queue of a worker: how long a request has waited when its handler begins.
//!
//! A worker is one thread, so what has arrived waits until all that was ready before it has had its turn.
//! A mark is put into that queue now and then, as one more task that is ready. For as long as it has not
//! come through, each request that has its turn stood before it, and so has waited at least as long as
//! the mark has by now. That costs a request a look at a clock, and a worker a thousand marks a second at
//! most.
//!
//! What is not measured: the time until the worker sees that bytes have arrived, which is that of some
//! sixty tasks at most, and waits inside a handler, for the store or a peer, which have bounds of
//! their own.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::load::LoadMetrics;
use crate::overload::{INTERVAL, Overload, Priority};

/// How long to wait with the next mark: shorter than any queue that matters.
const PAUSE: Duration = Duration::from_millis(1);

/// How often a worker that refuses requests says so.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// The queue of one worker.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    marked: Notify,
    metrics: LoadMetrics,
}

#[derive(Debug)]
struct State {
    overload: Overload,
    mark: Mark,
    refusals: Refusals,
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    /// In the queue since then.
    Queued(Instant),
    /// It came through then.
    Through(Instant),
}

/// What was refused and not told of yet.
#[derive(Debug)]
struct Refusals {
    count: u64,
    told: Option<Instant>,
}

/// What is known of a request that has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// How long it has waited at least.
    pub(crate) waited: Duration,
    pub(crate) is_refused: bool,
}

impl Queue {
    /// A queue that refuses what has waited for longer than the target, when that lasts.
    pub(crate) fn new(target: Option<Duration>, metrics: LoadMetrics) -> Self {
        Self {
            state: Mutex::new(State {
                overload: Overload::new(target),
                mark: Mark::Through(Instant::now()),
                refusals: Refusals {
                    count: 0,
                    told: None,
                },
            }),
            marked: Notify::new(),
            metrics,
        }
    }

    /// A request has its turn.
    pub(crate) fn turn(&self, priority: Priority) -> Turn {
        let now = Instant::now();
        let mut state = self.state.lock();
        let waited = match state.mark {
            Mark::Queued(since) => now - since,
            Mark::Through(at) if now - at < PAUSE => Duration::ZERO,
            Mark::Through(at) => {
                if now - at >= INTERVAL {
                    state.overload.was_idle();
                }
                state.mark = Mark::Queued(now);
                self.marked.notify_one();
                Duration::ZERO
            }
        };
        let is_refused = state.overload.refuses(now, waited, priority);
        if is_refused {
            state.refusals.count += 1;
            self.metrics.refused(priority);
        }
        Turn { waited, is_refused }
    }

    /// Has the marks come through, each when it has its turn. To run on the worker for as long as
    /// that does.
    pub(crate) async fn pass_marks(self: Arc<Self>) {
        loop {
            self.marked.notified().await;
            self.mark_is_through();
        }
    }

    fn mark_is_through(&self) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if let Mark::Queued(since) = state.mark {
            state.overload.saw(now, now - since);
            state.mark = Mark::Through(now);
            self.metrics
                .queue_seconds
                .observe((now - since).as_secs_f64());
        }
    }

    /// How many requests were refused since this was last some, once a second at most.
    pub(crate) fn untold_refusals(&self) -> Option<u64> {
        let now = Instant::now();
        let refusals = &mut self.state.lock().refusals;
        let is_due = refusals.told.is_none_or(|told| now - told >= LINE_EVERY);
        (is_due && refusals.count > 0).then(|| {
            refusals.told = Some(now);
            std::mem::take(&mut refusals.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use telemetry::metrics::Metrics;
    use tokio::task::yield_now;

    use super::*;

    const TARGET: Duration = Duration::from_millis(100);

    fn queue() -> Arc<Queue> {
        let metrics = Metrics::new("a-service", "1").unwrap();
        let metrics = LoadMetrics::new(&metrics).unwrap();
        let queue = Arc::new(Queue::new(Some(TARGET), metrics));
        tokio::spawn(Arc::clone(&queue).pass_marks());
        queue
    }

    /// So many requests that are ready at once, each of which holds the worker for 10 ms; their turns.
    async fn at_once(queue: &Arc<Queue>, requests: usize) -> Vec<Turn> {
        let requests: Vec<_> = (0..requests)
            .map(|_| {
                let queue = Arc::clone(queue);
                tokio::spawn(async move {
                    let turn = queue.turn(Priority::List);
                    if !turn.is_refused {
                        tokio::time::advance(Duration::from_millis(10)).await;
                    }
                    turn
                })
            })
            .collect();
        let mut turns = Vec::new();
        for request in requests {
            turns.push(request.await.unwrap());
        }
        yield_now().await;
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_finds_the_worker_free_has_not_waited() {
        let queue = queue();
        yield_now().await;
        for _ in 0..5 {
            tokio::time::advance(Duration::from_millis(20)).await;
            let turns = at_once(&queue, 1).await;
            assert_eq!(turns[0].waited, Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_empties_is_refused_until_it_does() {
        let queue = queue();
        yield_now().await;
        tokio::time::advance(PAUSE).await;
        let mut refused = Vec::new();
        for _ in 0..20 {
            let turns = at_once(&queue, 30).await;
            refused.push(turns.iter().filter(|turn| turn.is_refused).count());
        }
        assert_eq!(refused[0], 0, "a burst");
        assert!(refused[19] > 0, "{refused:?}");
        let told = queue.untold_refusals();
        assert_eq!(told, Some(refused.iter().sum::<usize>() as u64));
        assert_eq!(queue.untold_refusals(), None);
        tokio::time::advance(2 * INTERVAL).await;
        let turns = at_once(&queue, 30).await;
        assert!(turns.iter().all(|turn| !turn.is_refused), "a burst again");
    }
}
