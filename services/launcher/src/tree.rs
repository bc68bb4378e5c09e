//! A trace as a tree: one line for each span.

use std::collections::HashSet;
use std::fmt::Write;

use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::paint::{Paint, Style};
use crate::trace::{Received, Trace};

/// Whether exactly one span has no parent here, so that nothing in between is missing. A root may
/// have a parent outside of this shop, whose span never arrives.
pub fn has_one_root(trace: &Trace) -> bool {
    roots(trace).len() == 1
}

/// The tree. Each line has the name, the service, the duration, and what went wrong.
pub fn render(trace: &Trace, paint: Paint) -> String {
    let mut lines = Vec::new();
    for root in roots(trace) {
        walk(trace, root, "", None, &mut lines);
    }
    let width = lines
        .iter()
        .map(|line| line.head.chars().count())
        .max()
        .unwrap_or_default();
    let services = lines
        .iter()
        .map(|line| line.span.service().len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for Line { head, span } in lines {
        let service = paint.service(span.service(), &format!("{:services$}", span.service()));
        let duration = milliseconds(span);
        let _ = write!(text, "  {head:width$}  {service}  {duration:>9.2} ms");
        if let Some(failure) = failure(span) {
            let _ = write!(text, "  {}", paint.style(Style::Bad, &failure));
        }
        text.push('\n');
    }
    text
}

struct Line<'a> {
    head: String,
    span: &'a Received,
}

/// The spans without a parent in the trace, the earliest first.
fn roots(trace: &Trace) -> Vec<&Received> {
    let known: HashSet<_> = trace
        .spans
        .iter()
        .map(|s| s.span.span_id.as_slice())
        .collect();
    let mut roots: Vec<_> = trace
        .spans
        .iter()
        .filter(|s| !known.contains(s.span.parent_span_id.as_slice()))
        .collect();
    roots.sort_by_key(|s| s.span.start_time_unix_nano);
    roots
}

/// `last`: whether the span is the last child of its parent; `None` for a root.
fn walk<'a>(
    trace: &'a Trace,
    span: &'a Received,
    indent: &str,
    last: Option<bool>,
    lines: &mut Vec<Line<'a>>,
) {
    // Spans that are their own ancestors end here.
    if lines
        .iter()
        .any(|line| line.span.span.span_id == span.span.span_id)
    {
        return;
    }
    let (branch, below) = match last {
        None => ("", ""),
        Some(false) => ("├─ ", "│  "),
        Some(true) => ("└─ ", "   "),
    };
    lines.push(Line {
        head: format!("{indent}{branch}{}", span.span.name),
        span,
    });
    let mut children: Vec<_> = trace
        .spans
        .iter()
        .filter(|s| s.span.parent_span_id == span.span.span_id)
        .collect();
    children.sort_by_key(|s| s.span.start_time_unix_nano);
    let indent = format!("{indent}{below}");
    let count = children.len();
    for (index, child) in children.into_iter().enumerate() {
        walk(trace, child, &indent, Some(index + 1 == count), lines);
    }
}

#[allow(clippy::cast_precision_loss)] // exact up to days
fn milliseconds(received: &Received) -> f64 {
    let span = &received.span;
    span.end_time_unix_nano
        .saturating_sub(span.start_time_unix_nano) as f64
        / 1e6
}

fn failure(received: &Received) -> Option<String> {
    let status = received.span.status.as_ref()?;
    (status.code == StatusCode::Error as i32).then(|| {
        let message = status.message.as_str();
        if message.is_empty() {
            "failed".to_owned()
        } else {
            format!("failed: {message}")
        }
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry::TraceId;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

    use super::*;
    use crate::traces::Traces;

    fn span(id: u8, parent: u8, name: &str, start: u64, end: u64) -> Span {
        let bytes = |id: u8| if id == 0 { vec![] } else { vec![id; 8] };
        Span {
            trace_id: vec![1; 16],
            span_id: bytes(id),
            parent_span_id: bytes(parent),
            name: name.to_owned(),
            start_time_unix_nano: start * 1_000_000,
            end_time_unix_nano: end * 1_000_000,
            ..Span::default()
        }
    }

    fn trace(spans: Vec<(&str, Span)>) -> Trace {
        let traces = Traces::default();
        for (service, span) in spans {
            let value = Some(AnyValue {
                value: Some(Value::StringValue(service.to_owned())),
            });
            let name = KeyValue {
                key: "service.name".to_owned(),
                value,
                ..KeyValue::default()
            };
            traces.keep(ExportTraceServiceRequest {
                resource_spans: vec![ResourceSpans {
                    resource: Some(Resource {
                        attributes: vec![name],
                        ..Resource::default()
                    }),
                    scope_spans: vec![ScopeSpans {
                        spans: vec![span],
                        ..ScopeSpans::default()
                    }],
                    ..ResourceSpans::default()
                }],
            });
        }
        traces.get(TraceId::from_bytes([1; 16])).unwrap()
    }

    #[test]
    fn children_stand_below_their_parents_in_the_order_of_their_start() {
        let mut late = span(4, 1, "late", 6, 7);
        late.status = Some(Status {
            code: StatusCode::Error as i32,
            message: "broken".to_owned(),
        });
        let trace = trace(vec![
            ("b", late),
            ("a", span(1, 0, "root", 0, 10)),
            ("b", span(3, 2, "grandchild", 2, 3)),
            ("b", span(2, 1, "early", 1, 4)),
        ]);
        assert!(has_one_root(&trace));
        assert_eq!(
            render(&trace, Paint::plain()),
            "  root              a      10.00 ms\n\
             \x20 ├─ early          b       3.00 ms\n\
             \x20 │  └─ grandchild  b       1.00 ms\n\
             \x20 └─ late           b       1.00 ms  failed: broken\n"
        );
    }

    #[test]
    fn a_missing_parent_and_a_cycle_still_end_in_a_tree() {
        let orphaned = trace(vec![
            ("a", span(1, 0, "root", 0, 1)),
            ("a", span(3, 9, "orphan", 2, 3)),
        ]);
        assert!(!has_one_root(&orphaned));
        assert_eq!(render(&orphaned, Paint::plain()).lines().count(), 2);
        let cycle = trace(vec![("a", span(1, 1, "self", 0, 1))]);
        assert_eq!(render(&cycle, Paint::plain()), "");
    }
}
