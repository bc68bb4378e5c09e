//! What belongs to traces, in bounded memory: when it is full, the oldest trace gives way.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use opentelemetry::TraceId;

/// Items (spans, log lines) by their trace.
#[derive(Debug)]
pub struct ByTrace<T> {
    traces: HashMap<TraceId, Arc<Vec<T>>>,
    /// By the arrival of their first item.
    oldest_first: VecDeque<TraceId>,
    items: usize,
    limits: Limits,
}

/// How many items are kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// Of one trace: a runaway trace must not push out all others. Less than `total`.
    pub per_trace: usize,
}

impl<T: Clone> ByTrace<T> {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            traces: HashMap::new(),
            oldest_first: VecDeque::new(),
            items: 0,
            limits,
        }
    }

    /// Adds an item, unless its trace is full; says whether it did.
    pub fn add(&mut self, id: TraceId, item: T) -> bool {
        let trace = self.traces.entry(id).or_insert_with(|| {
            self.oldest_first.push_back(id);
            Arc::default()
        });
        if trace.len() >= self.limits.per_trace {
            return false;
        }
        // Copies only while a reader still holds what `get` returned.
        Arc::make_mut(trace).push(item);
        self.items += 1;
        self.evict();
        true
    }

    /// The items of a trace in the order of their arrival; never empty.
    pub fn get(&self, id: TraceId) -> Option<Arc<Vec<T>>> {
        self.traces.get(&id).cloned()
    }

    fn evict(&mut self) {
        while self.items > self.limits.total {
            let Some(oldest) = self.oldest_first.pop_front() else {
                return;
            };
            let evicted = self.traces.remove(&oldest);
            self.items -= evicted.map_or(0, |trace| trace.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        total: 50,
        per_trace: 10,
    };

    #[test]
    fn the_oldest_trace_gives_way() {
        let mut kept = ByTrace::new(LIMITS);
        for item in 0..60_u128 {
            assert!(kept.add(TraceId::from(item / 10), item));
        }
        assert_eq!(kept.get(TraceId::from(0)), None);
        let second = kept.get(TraceId::from(1)).unwrap();
        assert_eq!(*second, (10..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_runaway_trace_is_cut_off() {
        let mut kept = ByTrace::new(LIMITS);
        let id = TraceId::from(1);
        let added = (0..15).filter(|item| kept.add(id, *item)).count();
        assert_eq!((added, kept.get(id).unwrap().len()), (10, 10));
    }

    #[test]
    fn what_was_given_out_is_shared_and_stays_as_it_was() {
        let mut kept = ByTrace::new(LIMITS);
        let id = TraceId::from(1);
        kept.add(id, 1);
        let (first, again) = (kept.get(id).unwrap(), kept.get(id).unwrap());
        assert!(Arc::ptr_eq(&first, &again));
        kept.add(id, 2);
        assert_eq!(*first, [1]);
        assert_eq!(*kept.get(id).unwrap(), [1, 2]);
    }
}
