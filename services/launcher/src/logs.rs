//! The last log lines of the services, by trace.

use std::sync::Arc;

use opentelemetry::TraceId;
use parking_lot::Mutex;

use crate::by_trace::{ByTrace, Limits};
use crate::log_line::LogLine;

/// At about a kilobyte each some 20 MiB, and the lines of 2,000 orders.
const LINES: Limits = Limits {
    total: 20_000,
    per_trace: 1_000,
};

/// The last lines that belong to a trace. Clones share them.
#[derive(Clone, Debug)]
pub struct Logs(Arc<Mutex<ByTrace<LogLine>>>);

impl Logs {
    /// Keeps a line, if it belongs to a trace.
    pub fn keep(&self, line: LogLine) {
        if let Some(id) = line.trace_id {
            let mut lines = self.0.lock();
            lines.add(id, line);
        }
    }

    /// The lines of a trace, the oldest first.
    pub fn of_trace(&self, id: TraceId) -> Vec<LogLine> {
        let lines = {
            let lines = self.0.lock();
            lines.get(id)
        };
        let mut lines = lines.map_or_else(Vec::new, |lines| lines.to_vec());
        // Of each service they arrive in order; among services the pipes decide.
        lines.sort_by(|a, b| a.timestamp.cmp(&b.timestamp));
        lines
    }
}

impl Default for Logs {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(ByTrace::new(LINES))))
    }
}
