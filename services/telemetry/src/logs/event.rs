//! One event, detached from the thread on which it happened.

use std::fmt::{self, Write};
use std::time::SystemTime;

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};
use tracing::field::{Field, Visit};
use tracing_core::Metadata;

use crate::RequestId;

/// An event with its fields and its context.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) metadata: &'static Metadata<'static>,
    pub(super) time: SystemTime,
    /// The span in whose context it happened.
    pub(super) span: Option<(TraceId, SpanId)>,
    /// The request in whose context it happened.
    pub(super) request_id: Option<RequestId>,
    /// Its fields in the order in which they were written, `message` among them.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// How many like it were not written, itself among them; none of an event that stands for
    /// itself alone.
    pub(super) repeated: Option<u64>,
}

/// The value of a field.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

impl Event {
    pub(super) fn capture(event: &tracing::Event<'_>) -> Self {
        let (span, request_id) = Context::map_current(|context| {
            let span = context.span();
            let span = span.span_context();
            let ids = span.is_valid().then(|| (span.trace_id(), span.span_id()));
            (ids, context.get::<RequestId>().cloned())
        });
        let metadata = event.metadata();
        let mut fields = Fields(Vec::with_capacity(metadata.fields().len()));
        event.record(&mut fields);
        Self {
            metadata,
            time: SystemTime::now(),
            span,
            request_id,
            fields: fields.0,
            repeated: None,
        }
    }

    /// The event as one that stands for `count` like it. The message says so too: it is all that a
    /// reader in Loki sees.
    pub(super) fn standing_for(mut self, count: u64) -> Self {
        self.repeated = Some(count);
        for (name, value) in &mut self.fields {
            if let ("message", Value::Text(text)) = (*name, value) {
                let _ = write!(text, " ({count} times more within a second)");
            }
        }
        self
    }

    /// The message.
    pub(super) fn message(&self) -> &str {
        self.fields
            .iter()
            .find_map(|(name, value)| match value {
                Value::Text(text) if *name == "message" => Some(text.as_str()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The fields other than the message.
    pub(super) fn details(&self) -> impl Iterator<Item = &(&'static str, Value)> {
        self.fields.iter().filter(|(name, _)| *name != "message")
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Signed(number) => number.fmt(formatter),
            Self::Unsigned(number) => number.fmt(formatter),
            Self::Float(number) => number.fmt(formatter),
            Self::Bool(truth) => truth.fmt(formatter),
        }
    }
}

struct Fields(Vec<(&'static str, Value)>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), Value::Text(value.to_owned())));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), Value::Signed(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), Value::Unsigned(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.push((field.name(), Value::Float(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), Value::Bool(value)));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.0.push((field.name(), Value::Text(value.to_string())));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .push((field.name(), Value::Text(format!("{value:?}"))));
    }
}
