//! The health of the tokio runtimes, read when the scraper asks.

use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge};
use tokio::runtime::RuntimeMetrics;

/// Reads the runtimes' own counts at each scrape.
pub(super) struct RuntimeCollector {
    runtimes: Runtimes,
    families: Families,
}

/// All runtimes of a process that run requests.
pub(super) type Runtimes = Arc<Mutex<Vec<RuntimeMetrics>>>;

/// The families, at zero until they are read.
struct Families {
    workers: IntGauge,
    tasks: IntGauge,
    queue: IntGauge,
    busy: Counter,
}

impl Families {
    fn new() -> prometheus::Result<Self> {
        Ok(Self {
            workers: IntGauge::new("tokio_workers", "Threads that run tasks.")?,
            tasks: IntGauge::new(
                "tokio_alive_tasks",
                "Tasks that have started and not ended.",
            )?,
            queue: IntGauge::new(
                "tokio_global_queue_depth",
                "Tasks that wait in the shared queue for a worker; stays near 0 unless a task blocks its worker.",
            )?,
            busy: Counter::new(
                "tokio_busy_seconds_total",
                "Seconds that all workers together spent running tasks; with one worker, a rate near 1 means that the runtime is saturated.",
            )?,
        })
    }

    fn each(&self) -> [&dyn Collector; 4] {
        [&self.workers, &self.tasks, &self.queue, &self.busy]
    }
}

impl RuntimeCollector {
    /// A collector of these runtimes, more of which may come.
    pub(super) fn new(runtimes: Runtimes) -> prometheus::Result<Self> {
        Ok(Self {
            runtimes,
            families: Families::new()?,
        })
    }
}

impl Collector for RuntimeCollector {
    fn desc(&self) -> Vec<&Desc> {
        let families = self.families.each();
        families.iter().flat_map(|family| family.desc()).collect()
    }

    #[allow(clippy::cast_possible_wrap)] // counts of threads and tasks
    fn collect(&self) -> Vec<MetricFamily> {
        // A counter can only be added to, and two scrapes at once would both add what is new since
        // the last one. So each scrape counts from zero.
        let families = Families::new().expect("it could be made before");
        for runtime in &*self.runtimes.lock() {
            families.workers.add(runtime.num_workers() as i64);
            families.tasks.add(runtime.num_alive_tasks() as i64);
            families.queue.add(runtime.global_queue_depth() as i64);
            let busy = (0..runtime.num_workers()).map(|w| runtime.worker_total_busy_duration(w));
            let busy = busy.sum::<std::time::Duration>();
            families.busy.inc_by(busy.as_secs_f64());
        }
        let families = families.each();
        families
            .iter()
            .flat_map(|family| family.collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::runtime::Handle;
    use tokio::time::Instant;

    use super::*;

    /// Scrapes so at once as two cores allow, and so often that what can go wrong does.
    const ROUNDS: usize = 500;

    fn busy(collector: &RuntimeCollector) -> f64 {
        let families = collector.collect();
        let busy = families
            .iter()
            .find(|family| family.name() == "tokio_busy_seconds_total");
        busy.expect("the family").get_metric()[0]
            .get_counter()
            .get_value()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn scrapes_at_once_count_the_busy_time_once() {
        let runtime = Handle::current().metrics();
        let runtimes = Arc::new(Mutex::new(vec![runtime.clone()]));
        let collector = RuntimeCollector::new(runtimes).unwrap();
        for _ in 0..ROUNDS {
            let spin = async {
                let end = Instant::now() + Duration::from_micros(200);
                while Instant::now() < end {}
            };
            tokio::spawn(spin).await.unwrap();
            let arrived = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        arrived.fetch_add(1, Ordering::SeqCst);
                        while arrived.load(Ordering::SeqCst) < 2 {
                            std::hint::spin_loop();
                        }
                        busy(&collector)
                    });
                }
            });
            let counted = busy(&collector);
            let truth = runtime.worker_total_busy_duration(0).as_secs_f64();
            assert!(counted <= truth + 1e-9, "{counted} of {truth}");
        }
        // A worker adds its time when it parks, so the first rounds may see none.
        assert!(busy(&collector) > 0.0);
    }
}
