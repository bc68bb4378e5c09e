//! A mean that forgets.

use serde::{Deserialize, Serialize};

/// An exponentially weighted mean, which begins as the plain mean of what it has seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Average {
    value: f64,
    seen: f64,
    /// Over how many values it goes.
    memory: f64,
}

impl Average {
    /// `memory`: over how many values it goes.
    pub(super) const fn new(memory: f64) -> Self {
        Self {
            value: 0.0,
            seen: 0.0,
            memory,
        }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.seen = (self.seen + 1.0).min(self.memory);
        self.value += (value - self.value) / self.seen;
    }

    /// The mean; `None` before the first value.
    pub(super) fn get(&self) -> Option<f64> {
        (self.seen > 0.0).then_some(self.value)
    }

    /// How many values it has seen, up to its memory.
    pub(super) const fn seen(&self) -> f64 {
        self.seen
    }

    pub(super) fn forget(&mut self) {
        *self = Self::new(self.memory);
    }
}
