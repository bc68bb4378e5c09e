//! The spans of the last traces, in bounded memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

/// How many spans are kept in all: at about a kilobyte each some 50 MiB, and 3,000 orders.
const SPANS: usize = 50_000;

/// How many spans one trace may have; a runaway must not push out all others.
const SPANS_OF_A_TRACE: usize = 2_000;

/// A span with where it came from.
#[derive(Clone, Debug)]
pub struct Received {
    /// The program that made it.
    pub resource: Arc<Resource>,
    scope: Option<Arc<InstrumentationScope>>,
    /// The span.
    pub span: Span,
}

/// A trace as far as it has come.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its id in hexadecimal.
    pub id: String,
    /// Its spans in the order of their arrival.
    pub spans: Vec<Received>,
    /// When the first came.
    pub first: Instant,
    /// When the last came.
    pub last: Instant,
}

/// The last traces. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Traces(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    traces: HashMap<Vec<u8>, Trace>,
    oldest_first: VecDeque<Vec<u8>>,
    spans: usize,
}

impl Traces {
    /// Keeps the spans of an export; says how many were malformed or too many for their trace.
    pub fn keep(&self, request: ExportTraceServiceRequest) -> usize {
        let mut kept = self.lock();
        let mut refused = 0;
        for resource_spans in request.resource_spans {
            let resource = Arc::new(resource_spans.resource.unwrap_or_default());
            for scope_spans in resource_spans.scope_spans {
                let scope = scope_spans.scope.map(Arc::new);
                for span in scope_spans.spans {
                    let (resource, scope) = (Arc::clone(&resource), scope.clone());
                    refused += usize::from(!kept.keep(Received {
                        resource,
                        scope,
                        span,
                    }));
                }
            }
        }
        kept.evict();
        refused
    }

    /// A trace by its id in hexadecimal.
    pub fn get(&self, id: &str) -> Option<Trace> {
        self.lock()
            .traces
            .values()
            .find(|trace| trace.id == id)
            .cloned()
    }

    /// The traces that hold a span of this name, the oldest first.
    pub fn with_span(&self, name: &str) -> Vec<Trace> {
        let kept = self.lock();
        let traces = kept
            .oldest_first
            .iter()
            .filter_map(|id| kept.traces.get(id));
        traces
            .filter(|trace| trace.spans.iter().any(|s| s.span.name == name))
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, received: Received) -> bool {
        let (id, span) = (&received.span.trace_id, &received.span.span_id);
        if id.len() != 16 || span.len() != 8 {
            return false;
        }
        let now = Instant::now();
        let trace = self.traces.entry(id.clone()).or_insert_with(|| {
            self.oldest_first.push_back(id.clone());
            Trace {
                id: hex(id),
                spans: Vec::new(),
                first: now,
                last: now,
            }
        });
        if trace.spans.len() >= SPANS_OF_A_TRACE {
            return false;
        }
        trace.last = now;
        trace.spans.push(received);
        self.spans += 1;
        true
    }

    fn evict(&mut self) {
        while self.spans > SPANS {
            let Some(oldest) = self.oldest_first.pop_front() else {
                return;
            };
            self.spans -= self
                .traces
                .remove(&oldest)
                .map_or(0, |trace| trace.spans.len());
        }
    }
}

impl Received {
    /// The name of the program, `service.name`.
    pub fn service(&self) -> &str {
        text_attribute(&self.resource.attributes, "service.name").unwrap_or("unknown")
    }

    /// An attribute whose value is a text.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        text_attribute(&self.span.attributes, name)
    }
}

impl Trace {
    /// The trace as OTLP, each span under its resource and scope.
    pub fn resource_spans(&self) -> Vec<ResourceSpans> {
        let spans = self.spans.iter();
        let alone = |received: &Received| ResourceSpans {
            resource: Some((*received.resource).clone()),
            scope_spans: vec![ScopeSpans {
                scope: received.scope.as_deref().cloned(),
                spans: vec![received.span.clone()],
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        };
        spans.fold(Vec::new(), |mut grouped: Vec<ResourceSpans>, received| {
            let known = grouped
                .iter_mut()
                .find(|group| group.resource.as_ref() == Some(&*received.resource))
                .and_then(|group| group.scope_spans.first_mut())
                .filter(|group| group.scope.as_ref() == received.scope.as_deref());
            match known {
                Some(group) => group.spans.push(received.span.clone()),
                None => grouped.push(alone(received)),
            }
            grouped
        })
    }
}

fn text_attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let pair = attributes.iter().find(|pair| pair.key == name)?;
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(trace: u32, spans: usize) -> ExportTraceServiceRequest {
        let span = |index: usize| Span {
            trace_id: [&[0; 12], trace.to_be_bytes().as_slice()].concat(),
            span_id: index.to_be_bytes().to_vec(),
            name: "s".to_owned(),
            ..Span::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![ScopeSpans {
                    spans: (0..spans).map(span).collect(),
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        }
    }

    #[test]
    fn the_oldest_trace_gives_way() {
        let traces = Traces::default();
        for trace in 0..60 {
            assert_eq!(traces.keep(export(trace, 1000)), 0);
        }
        assert!(traces.get(&format!("{:032x}", 9)).is_none());
        assert_eq!(
            traces.get(&format!("{:032x}", 10)).unwrap().spans.len(),
            1000
        );
    }

    #[test]
    fn a_runaway_trace_is_cut_off_and_counted() {
        let traces = Traces::default();
        assert_eq!(traces.keep(export(1, SPANS_OF_A_TRACE + 5)), 5);
    }
}
