//! One JSON object a line: `timestamp`, `level`, `service`, `target`, `message`, the ids, and
//! the event's own fields, and `repeated` of an event that stands for many.

use serde::Serializer;
use serde::ser::SerializeMap;

use super::event::{Event, Value};
use super::sink::Sink;
use super::stdout::Lines;

/// JSON on standard output.
pub(super) struct Json {
    service: String,
    lines: Lines,
}

impl Json {
    pub(super) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            lines: Lines::default(),
        }
    }
}

impl Sink for Json {
    fn put(&mut self, event: &Event) {
        self.lines.push(|line| write(&self.service, event, line));
    }

    fn finish(&mut self) -> u64 {
        self.lines.write_out()
    }
}

fn write(service: &str, event: &Event, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::new(line);
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
    if let Some(count) = event.repeated {
        map.serialize_entry("repeated", &count)?;
    }
    map.end()
}
