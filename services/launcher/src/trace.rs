//! A trace as far as it has arrived.

use std::sync::Arc;

use opentelemetry::TraceId;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tokio::time::Instant;

/// A span, where it came from, and when.
#[derive(Clone, Debug)]
pub struct Received {
    /// The program that made it.
    pub resource: Arc<Resource>,
    /// The library that made it.
    pub scope: Option<Arc<InstrumentationScope>>,
    /// The span.
    pub span: Span,
    /// When it arrived.
    pub at: Instant,
}

/// The spans of a trace. Clones share them.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// Its spans in the order of their arrival, at least one.
    pub spans: Arc<Vec<Received>>,
}

impl Received {
    /// The name of the program, `service.name`.
    pub fn service(&self) -> &str {
        text_attribute(&self.resource.attributes, "service.name").unwrap_or("unknown")
    }

    /// The value of an attribute of the span, if it is a string.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        text_attribute(&self.span.attributes, name)
    }
}

impl Trace {
    /// The trace as OTLP: each span under its scope, and that under its resource.
    pub fn resource_spans(&self) -> Vec<ResourceSpans> {
        let mut resources: Vec<ResourceSpans> = Vec::new();
        for received in &*self.spans {
            let resource = Some(&*received.resource);
            let found = resources
                .iter()
                .position(|known| known.resource.as_ref() == resource);
            let index = found.unwrap_or_else(|| {
                resources.push(ResourceSpans {
                    resource: resource.cloned(),
                    ..ResourceSpans::default()
                });
                resources.len() - 1
            });
            add(&mut resources[index].scope_spans, received);
        }
        resources
    }
}

fn add(scopes: &mut Vec<ScopeSpans>, received: &Received) {
    let scope = received.scope.as_deref();
    let found = scopes
        .iter()
        .position(|known| known.scope.as_ref() == scope);
    let index = found.unwrap_or_else(|| {
        scopes.push(ScopeSpans {
            scope: scope.cloned(),
            ..ScopeSpans::default()
        });
        scopes.len() - 1
    });
    scopes[index].spans.push(received.span.clone());
}

fn text_attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let pair = attributes.iter().find(|pair| pair.key == name)?;
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::AnyValue;

    use super::*;

    #[test]
    fn otlp_groups_spans_by_resource_and_scope() {
        let resource = |name: &str| {
            let value = Some(Value::StringValue(name.to_owned()));
            let name = KeyValue {
                key: "service.name".to_owned(),
                value: Some(AnyValue { value }),
                ..KeyValue::default()
            };
            Arc::new(Resource {
                attributes: vec![name],
                ..Resource::default()
            })
        };
        let scope = |name: &str| {
            Some(Arc::new(InstrumentationScope {
                name: name.to_owned(),
                ..InstrumentationScope::default()
            }))
        };
        let spans = [("a", "x"), ("b", "x"), ("a", "y"), ("a", "x"), ("a", "y")];
        let spans = spans.map(|(service, library)| Received {
            resource: resource(service),
            scope: scope(library),
            span: Span::default(),
            at: Instant::now(),
        });
        let trace = Trace {
            id: TraceId::INVALID,
            spans: Arc::new(spans.into()),
        };
        let counts: Vec<Vec<_>> = trace
            .resource_spans()
            .iter()
            .map(|resource| resource.scope_spans.iter().map(|s| s.spans.len()).collect())
            .collect();
        assert_eq!(counts, [vec![2, 2], vec![1]]);
    }
}
