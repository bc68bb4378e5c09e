//! One log line of a service, as its JSON format has it.

use opentelemetry::TraceId;
use serde_json::{Map, Value};

/// A log line.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// RFC 3339 in UTC with six digits of a second, so that texts sort as times do.
    pub timestamp: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// The service that wrote it.
    pub service: String,
    /// The message.
    pub message: String,
    /// The trace that it belongs to.
    pub trace_id: Option<TraceId>,
    /// The span that it belongs to, in hexadecimal.
    pub span_id: Option<String>,
    /// Everything else: the event's own fields.
    pub fields: Map<String, Value>,
}

impl LogLine {
    /// Reads a line; `None` when it is no log line of a service.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let mut take = |name: &str| match fields.remove(name)? {
            Value::String(text) => Some(text),
            _ => None,
        };
        Some(Self {
            timestamp: take("timestamp")?,
            level: take("level")?,
            service: take("service")?,
            message: take("message")?,
            trace_id: take("trace_id").and_then(|id| TraceId::from_hex(&id).ok()),
            span_id: take("span_id"),
            fields,
        })
    }

    /// Whether it says that its service listens, and where.
    pub fn says_ready(&self) -> bool {
        self.fields.contains_key("address")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fields_of_a_line_are_what_is_left_of_it() {
        let line = r#"{"timestamp":"2026-11-24T08:15:30.000001Z","level":"INFO","service":"order-service",
            "message":"order created","trace_id":"0000000000000000000000000000002a",
            "span_id":"000000000000002b","order_id":"o1","quantity":3}"#;
        let line = LogLine::parse(line).unwrap();
        assert_eq!(line.trace_id, Some(42.into()));
        assert_eq!(
            (line.level.as_str(), line.message.as_str()),
            ("INFO", "order created")
        );
        assert_eq!(line.span_id.as_deref(), Some("000000000000002b"));
        assert_eq!(
            Value::from(line.fields),
            json!({ "order_id": "o1", "quantity": 3 })
        );
    }

    #[test]
    fn any_other_line_is_none() {
        for other in ["", "panicked at", "{}", "[1]", r#"{"level":"INFO"}"#] {
            assert_eq!(LogLine::parse(other), None, "{other}");
        }
    }
}
