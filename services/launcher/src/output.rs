//! The standard output.

use std::io::{self, Write};

/// Prints text. A terminal that has been closed is no reason to fail: the services have to be
/// stopped in order all the same.
pub fn print(text: &str) {
    let mut output = io::stdout().lock();
    let _ = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}
