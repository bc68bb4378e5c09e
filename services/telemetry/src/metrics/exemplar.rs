//! A histogram that remembers, for each bucket, the last sampled trace that fell into it.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::TraceId;
use parking_lot::{Mutex, RwLock};
use prometheus::proto::LabelPair;
use prometheus::{Histogram, HistogramOpts, HistogramVec};

/// A trace that shows what a bucket's numbers mean.
#[derive(Clone, Copy, Debug)]
pub struct Exemplar {
    /// The trace.
    pub trace_id: TraceId,
    /// The value observed.
    pub value: f64,
    /// When it was observed.
    pub time: SystemTime,
}

/// A `HistogramVec` with `N` labels whose buckets remember exemplars.
#[derive(Clone, Debug)]
pub struct ExemplarHistogramVec<const N: usize> {
    histograms: HistogramVec,
    labels: [&'static str; N],
    bounds: &'static [f64],
    children: Arc<RwLock<HashMap<u64, Arc<Child>>>>,
}

#[derive(Debug)]
struct Child {
    histogram: Histogram,
    /// One for each bound and one for `+Inf`.
    exemplars: Box<[Mutex<Option<Exemplar>>]>,
}

impl<const N: usize> ExemplarHistogramVec<N> {
    /// A family with these labels and bounds; the bounds ascend.
    pub fn new(
        name: &str,
        help: &str,
        labels: [&'static str; N],
        bounds: &'static [f64],
    ) -> prometheus::Result<Self> {
        let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        let histograms = HistogramVec::new(options, &labels)?;
        Ok(Self {
            histograms,
            labels,
            bounds,
            children: Arc::default(),
        })
    }

    /// The family for the registry.
    pub fn collector(&self) -> HistogramVec {
        self.histograms.clone()
    }

    /// Counts `value`, and remembers the trace when there is one.
    pub fn observe(&self, values: [&str; N], value: f64, trace: Option<TraceId>) {
        let child = self.child(values);
        child.histogram.observe(value);
        if let Some(trace_id) = trace {
            let bucket = self.bounds.partition_point(|bound| *bound < value);
            // A thread that holds the lock stores an exemplar that is just as good.
            if let Some(mut slot) = child.exemplars[bucket].try_lock() {
                *slot = Some(Exemplar {
                    trace_id,
                    value,
                    time: SystemTime::now(),
                });
            }
        }
    }

    /// The exemplar of a bucket, counted from the lowest bound, of the child with these labels.
    pub fn exemplar(&self, labels: &[LabelPair], bucket: usize) -> Option<Exemplar> {
        let values = self.labels.map(|name| {
            labels
                .iter()
                .find(|pair| pair.name() == name)
                .map_or("", LabelPair::value)
        });
        let children = self.children.read();
        let slot = children.get(&key(values))?.exemplars.get(bucket)?;
        *slot.lock()
    }

    fn child(&self, values: [&str; N]) -> Arc<Child> {
        let key = key(values);
        let known = self.children.read().get(&key).cloned();
        known.unwrap_or_else(|| {
            let mut children = self.children.write();
            let new = || {
                Arc::new(Child {
                    histogram: self.histograms.with_label_values(&values),
                    exemplars: (0..=self.bounds.len()).map(|_| Mutex::new(None)).collect(),
                })
            };
            Arc::clone(children.entry(key).or_insert_with(new))
        })
    }
}

/// The children are found by a hash of their values, as the `prometheus` crate finds its own.
fn key<const N: usize>(values: [&str; N]) -> u64 {
    let mut hasher = DefaultHasher::new();
    values.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(histograms: &ExemplarHistogramVec<1>) -> Vec<LabelPair> {
        use prometheus::core::Collector;
        histograms.collector().collect()[0].get_metric()[0]
            .get_label()
            .to_vec()
    }

    #[test]
    fn a_bucket_remembers_its_last_sampled_trace_and_no_other() {
        let histograms = ExemplarHistogramVec::new("h", "h", ["a"], &[0.1, 1.0]).unwrap();
        histograms.observe(["x"], 0.1, Some(TraceId::from(1)));
        histograms.observe(["x"], 0.5, Some(TraceId::from(2)));
        histograms.observe(["x"], 0.6, Some(TraceId::from(3)));
        histograms.observe(["x"], 0.7, None);
        let labels = labels(&histograms);
        let trace = |bucket| {
            histograms
                .exemplar(&labels, bucket)
                .map(|found| found.trace_id)
        };
        assert_eq!(
            trace(0),
            Some(TraceId::from(1)),
            "a value on a bound belongs below it"
        );
        assert_eq!(trace(1), Some(TraceId::from(3)));
        assert_eq!(trace(2), None);
        assert_eq!(trace(3), None);
    }
}
