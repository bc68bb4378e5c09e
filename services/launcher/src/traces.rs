//! The spans of the last traces, and announcements of those with a certain span.

use std::sync::Arc;

use opentelemetry::TraceId;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::by_trace::{ByTrace, Limits};
use crate::trace::{Received, Trace};

/// At about a kilobyte each some 50 MiB, and 3,000 orders.
const SPANS: Limits = Limits {
    total: 50_000,
    per_trace: 2_000,
};

/// How many announced traces may wait to be looked at. A trace beyond them is not announced: trees
/// are for people, who do not read thousands.
const ANNOUNCED: usize = 10_000;

/// The last traces. Clones share them.
#[derive(Clone, Debug)]
pub struct Traces(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    spans: ByTrace<Received>,
    watch: Option<Watch>,
}

/// Where to announce each trace with a span of this name.
#[derive(Debug)]
struct Watch {
    name: &'static str,
    announce: mpsc::Sender<TraceId>,
}

impl Traces {
    /// Keeps the spans of an export; returns how many it refused, because their ids are malformed
    /// or their trace is full.
    pub fn keep(&self, request: ExportTraceServiceRequest) -> usize {
        let mut kept = self.0.lock();
        let (mut refused, at) = (0, Instant::now());
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
                        at,
                    }));
                }
            }
        }
        refused
    }

    /// A trace by its id.
    pub fn get(&self, id: TraceId) -> Option<Trace> {
        let spans = self.0.lock().spans.get(id)?;
        Some(Trace { id, spans })
    }

    /// From now on announces the id of each trace once, when its first span of this name arrives.
    /// There is one watch; a new one ends the old one.
    pub fn watch(&self, name: &'static str) -> mpsc::Receiver<TraceId> {
        let (announce, announced) = mpsc::channel(ANNOUNCED);
        self.0.lock().watch = Some(Watch { name, announce });
        announced
    }
}

impl Default for Traces {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Kept {
            spans: ByTrace::new(SPANS),
            watch: None,
        })))
    }
}

impl Kept {
    fn keep(&mut self, received: Received) -> bool {
        let Ok(id) = <[u8; 16]>::try_from(received.span.trace_id.as_slice()) else {
            return false;
        };
        if received.span.span_id.len() != 8 {
            return false;
        }
        let id = TraceId::from_bytes(id);
        let watch = self.watch.as_ref();
        let new = watch.is_some_and(|watch| {
            received.span.name == watch.name && !self.has_span(id, watch.name)
        });
        let kept = self.spans.add(id, received);
        if let Some(watch) = self.watch.as_ref().filter(|_| new && kept) {
            let _ = watch.announce.try_send(id);
        }
        kept
    }

    fn has_span(&self, id: TraceId, name: &str) -> bool {
        let spans = self.spans.get(id);
        spans.is_some_and(|spans| spans.iter().any(|received| received.span.name == name))
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

    use super::*;

    fn export(spans: Vec<Span>) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![ScopeSpans {
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        }
    }

    fn span(trace: u128, id: u8, name: &str) -> Span {
        Span {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: vec![id; 8],
            name: name.to_owned(),
            ..Span::default()
        }
    }

    #[test]
    fn spans_with_malformed_ids_are_refused_and_counted() {
        let traces = Traces::default();
        let no_trace = Span {
            trace_id: vec![1; 15],
            ..span(1, 1, "s")
        };
        let no_span = Span {
            span_id: vec![1; 9],
            ..span(1, 1, "s")
        };
        let good = span(1, 1, "s");
        assert_eq!(traces.keep(export(vec![no_trace, good, no_span])), 2);
        assert_eq!(traces.get(1.into()).unwrap().spans.len(), 1);
        assert!(traces.get(2.into()).is_none());
    }

    #[test]
    fn a_trace_is_announced_once_when_it_gets_a_span_of_that_name() {
        let traces = Traces::default();
        traces.keep(export(vec![span(1, 1, "wanted")]));
        let mut announced = traces.watch("wanted");
        traces.keep(export(vec![span(2, 1, "other"), span(3, 1, "other")]));
        assert!(announced.try_recv().is_err());
        traces.keep(export(vec![span(3, 2, "wanted"), span(2, 2, "wanted")]));
        traces.keep(export(vec![span(3, 3, "wanted"), span(3, 4, "other")]));
        let ids: Vec<_> = std::iter::from_fn(|| announced.try_recv().ok()).collect();
        assert_eq!(ids, [3.into(), 2.into()]);
    }
}
