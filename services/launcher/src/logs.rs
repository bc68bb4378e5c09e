//! The last log lines of the services, by trace.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// How many lines are kept: at about half a kilobyte each some 10 MiB, and those of 2,000
/// orders.
const LINES: usize = 20_000;

/// The last lines that belong to a trace. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Logs(Arc<Mutex<VecDeque<Value>>>);

impl Logs {
    /// Keeps a line, when it belongs to a trace.
    pub fn keep(&self, line: Value) {
        if line["trace_id"].is_string() {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }

    /// The lines of a trace in the order of their time.
    pub fn of_trace(&self, id: &str) -> Vec<Value> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> = lines
            .iter()
            .filter(|line| line["trace_id"] == id)
            .cloned()
            .collect();
        found.sort_by(|a, b| a["timestamp"].as_str().cmp(&b["timestamp"].as_str()));
        found
    }
}
