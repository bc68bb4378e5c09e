//! One line for the eye: time, level, service, message, fields.

use std::fmt::Write;
use std::io::IsTerminal;

use tracing::Level;

use super::event::Event;
use super::format::Sink;
use super::json::put_out;

/// Text on standard output.
pub(super) struct Text {
    service: String,
    colour: bool,
    lines: Vec<u8>,
    events: u64,
}

impl Text {
    pub(super) fn new(service: &str) -> Self {
        // https://no-color.org: any value that is not empty.
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            service: service.to_owned(),
            colour: std::io::stdout().is_terminal() && !refused,
            lines: Vec::new(),
            events: 0,
        }
    }

    fn line(&self, event: &Event) -> String {
        let level = *event.metadata.level();
        let (on, off) = match level {
            _ if !self.colour => ("", ""),
            Level::ERROR => ("\x1b[31m", "\x1b[0m"),
            Level::WARN => ("\x1b[33m", "\x1b[0m"),
            Level::INFO => ("\x1b[32m", "\x1b[0m"),
            _ => ("\x1b[2m", "\x1b[0m"),
        };
        let mut line = format!(
            "{} {on}{level:5}{off} {}: {}",
            humantime::format_rfc3339_millis(event.time),
            self.service,
            event.message().escape_debug()
        );
        for (name, value) in event.details() {
            let _ = write!(line, " {name}={}", value.to_string().escape_debug());
        }
        if let Some((trace, _)) = event.span {
            let _ = write!(line, " trace_id={trace}");
        }
        line
    }
}

impl Sink for Text {
    fn put(&mut self, event: &Event) {
        self.lines.extend_from_slice(self.line(event).as_bytes());
        self.lines.push(b'\n');
        self.events += 1;
    }

    fn finish(&mut self) -> u64 {
        put_out(&mut self.lines, &mut self.events)
    }
}
