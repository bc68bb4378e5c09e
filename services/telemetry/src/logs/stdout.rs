//! Standard output, written to in whole lines, many at once.

use std::io::{self, Write};

/// Lines that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    count: u64,
}

impl Lines {
    /// Adds what `write` writes as one line; when that fails, the line is empty.
    pub(super) fn push<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) {
        let start = self.bytes.len();
        if write(&mut self.bytes).is_err() {
            self.bytes.truncate(start);
        }
        self.bytes.push(b'\n');
        self.count += 1;
    }

    /// Writes all lines in one call; returns how many were lost.
    pub(super) fn write_out(&mut self) -> u64 {
        let mut output = io::stdout().lock();
        let written = output.write_all(&self.bytes).and_then(|()| output.flush());
        self.bytes.clear();
        let count = std::mem::take(&mut self.count);
        if written.is_ok() { 0 } else { count }
    }
}
