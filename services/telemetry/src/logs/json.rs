//! One JSON object a line: `timestamp`, `level`, `service`, `target`, `message`, the ids, and
//! the event's own fields.

use std::io::Write;

use serde::Serializer;
use serde::ser::SerializeMap;

use super::event::{Event, Value};
use super::format::Sink;

/// JSON on standard output.
pub(super) struct Json {
    service: String,
    lines: Vec<u8>,
    events: u64,
}

impl Json {
    pub(super) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            lines: Vec::new(),
            events: 0,
        }
    }
}

impl Sink for Json {
    fn put(&mut self, event: &Event) {
        let start = self.lines.len();
        if write(&self.service, event, &mut self.lines).is_err() {
            self.lines.truncate(start);
        }
        self.lines.push(b'\n');
        self.events += 1;
    }

    fn finish(&mut self) -> u64 {
        put_out(&mut self.lines, &mut self.events)
    }
}

/// Writes the lines to standard output in one call; says how many events were lost with it.
pub(super) fn put_out(lines: &mut Vec<u8>, events: &mut u64) -> u64 {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(lines).and_then(|()| output.flush());
    lines.clear();
    let events = std::mem::take(events);
    if written.is_ok() { 0 } else { events }
}

fn write(service: &str, event: &Event, lines: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::new(lines);
    let mut map = serializer.serialize_map(None)?;
    let time = humantime::format_rfc3339_micros(event.time);
    map.serialize_entry("timestamp", &format_args!("{time}"))?;
    map.serialize_entry("level", event.metadata.level().as_str())?;
    map.serialize_entry("service", service)?;
    map.serialize_entry("target", event.metadata.target())?;
    map.serialize_entry("message", event.message())?;
    if let Some((trace, span)) = event.span {
        map.serialize_entry("trace_id", &format_args!("{trace}"))?;
        map.serialize_entry("span_id", &format_args!("{span}"))?;
    }
    if let Some(id) = &event.request_id {
        map.serialize_entry("request_id", id.as_str())?;
    }
    for (name, value) in event.details() {
        match value {
            Value::Text(text) => map.serialize_entry(name, text)?,
            Value::Signed(number) => map.serialize_entry(name, number)?,
            Value::Unsigned(number) => map.serialize_entry(name, number)?,
            Value::Float(number) => map.serialize_entry(name, number)?,
            Value::Bool(truth) => map.serialize_entry(name, truth)?,
        }
    }
    map.end()
}
