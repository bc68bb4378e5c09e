//! The health of the tokio runtime, read when the scraper asks.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge};
use tokio::runtime::{Handle, RuntimeMetrics};

/// Reads the runtime's own counts at each scrape.
pub(super) struct RuntimeCollector {
    runtime: RuntimeMetrics,
    workers: IntGauge,
    tasks: IntGauge,
    queue: IntGauge,
    busy: Counter,
}

impl RuntimeCollector {
    /// A collector of the runtime in which it is called.
    pub(super) fn current() -> prometheus::Result<Self> {
        Ok(Self {
            runtime: Handle::current().metrics(),
            workers: IntGauge::new("tokio_workers", "Threads that run tasks.")?,
            tasks: IntGauge::new("tokio_alive_tasks", "Tasks that have begun and not ended.")?,
            queue: IntGauge::new(
                "tokio_global_queue_depth",
                "Tasks that wait for a worker in the shared queue; it stays near 0 when no task blocks.",
            )?,
            busy: Counter::new(
                "tokio_busy_seconds_total",
                "Seconds that workers spent running tasks; near workers times the clock, the runtime is full.",
            )?,
        })
    }
}

#[allow(clippy::cast_possible_wrap)] // counts of threads and tasks
impl Collector for RuntimeCollector {
    fn desc(&self) -> Vec<&Desc> {
        [
            self.workers.desc(),
            self.tasks.desc(),
            self.queue.desc(),
            self.busy.desc(),
        ]
        .concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let runtime = &self.runtime;
        self.workers.set(runtime.num_workers() as i64);
        self.tasks.set(runtime.num_alive_tasks() as i64);
        self.queue.set(runtime.global_queue_depth() as i64);
        let busy: f64 = (0..runtime.num_workers())
            .map(|worker| runtime.worker_total_busy_duration(worker).as_secs_f64())
            .sum();
        self.busy.inc_by((busy - self.busy.get()).max(0.0));
        [
            self.workers.collect(),
            self.tasks.collect(),
            self.queue.collect(),
            self.busy.collect(),
        ]
        .concat()
    }
}
