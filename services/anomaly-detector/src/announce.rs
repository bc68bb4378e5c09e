//! An anomaly is told once, as one log event and one span, when it is found; and once when it is over.

use std::time::{Duration, UNIX_EPOCH};

use client::Peer;
use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags,
    TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use prometheus_api::Range;
use telemetry::traces::FutureExt as _;

use crate::back_end;
use crate::events::{Event, Member};

/// How many traces are linked: as many as somebody may follow.
const TRACES: usize = 5;

/// The traces of so many seconds before and after the beginning.
const AROUND: u64 = 60;

#[derive(Clone, Debug)]
pub(crate) struct Announcer {
    pub(crate) tracer: SdkTracer,
}

impl Announcer {
    /// Tells of an event that is new.
    pub(crate) async fn found(&self, event: &Event, prometheus: &Peer) {
        let first = event.first();
        let began = first.finding.began.max(0.0);
        let traces = match first.labels.service() {
            Some(service) => {
                let from = began as u64;
                let range = Range {
                    start: from.saturating_sub(AROUND),
                    end: from + AROUND,
                    step: 1,
                };
                // In no trace: what the detector asks is not what went wrong.
                let traces = back_end::traces(prometheus, service, range, TRACES);
                let traces = traces.with_context(Context::new()).await;
                // Without them the anomaly is told all the same.
                traces.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let context = self.span(event, &traces);
        let _entered = context.attach();
        let also: Vec<_> = event.members.iter().skip(1).map(Member::name).collect();
        let observed = first.finding.observed.map_or("missing".to_owned(), short);
        let band = first.finding.band;
        let (expected, lower, upper) = (short(band.expected), short(band.lower), short(band.upper));
        let began = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs_f64(began));
        let service = first.labels.service().unwrap_or_default();
        let (query, series) = (&*first.query, first.labels.to_string());
        let (also, traces) = (also.join("; "), traces.join(" "));
        let (members, name) = (event.members.len(), first.name());
        if event.silenced {
            tracing::info!(
                query, series, observed_service = service, observed, expected, lower, upper, %began, members, also, traces,
                "Anomaly, silenced: {name} is {observed}, expected {lower} to {upper}",
            );
        } else {
            tracing::warn!(
                query, series, observed_service = service, observed, expected, lower, upper, %began, members, also, traces,
                "Anomaly: {name} is {observed}, expected {lower} to {upper}",
            );
        }
    }

    /// Tells that an event is over.
    #[expect(clippy::unused_self, reason = "it is the other half of `found`")]
    pub(crate) fn ended(&self, event: &Event, now: u64) {
        let first = event.first();
        let seconds = now.saturating_sub(first.finding.began.max(0.0) as u64);
        let names: Vec<_> = event.members.iter().map(Member::name).collect();
        tracing::info!(
            query = first.query,
            series = first.labels.to_string(),
            members = names.len(),
            duration_seconds = seconds,
            all = names.join("; "),
            "Anomaly is over: {}",
            first.name(),
        );
    }

    /// A span from the beginning of the anomaly to now, with links to the traces of that minute.
    fn span(&self, event: &Event, traces: &[String]) -> Context {
        let first = event.first();
        let links = traces.iter().filter_map(|trace| {
            let trace = TraceId::from_hex(trace).ok()?;
            // An exemplar names its trace only; the span is a stand-in, as zero would be no link.
            let span = SpanId::from_bytes([0, 0, 0, 0, 0, 0, 0, 1]);
            let context = SpanContext::new(
                trace,
                span,
                TraceFlags::SAMPLED,
                true,
                TraceState::default(),
            );
            Some(Link::with_context(context))
        });
        let band = first.finding.band;
        let mut attributes = vec![
            KeyValue::new("anomaly.query", first.query.clone()),
            KeyValue::new("anomaly.series", first.labels.to_string()),
            KeyValue::new("anomaly.expected", band.expected),
            KeyValue::new("anomaly.lower", band.lower),
            KeyValue::new("anomaly.upper", band.upper),
            KeyValue::new("anomaly.members", event.members.len() as i64),
        ];
        if let Some(observed) = first.finding.observed {
            attributes.push(KeyValue::new("anomaly.observed", observed));
        }
        let start = UNIX_EPOCH + Duration::from_secs_f64(first.finding.began.max(0.0));
        let span = SpanBuilder {
            name: "anomaly".into(),
            span_kind: Some(SpanKind::Internal),
            start_time: Some(start),
            attributes: Some(attributes),
            links: Some(links.collect()),
            ..SpanBuilder::default()
        };
        let mut span = self.tracer.build_with_context(span, &Context::new());
        span.end();
        Context::new().with_span(span)
    }
}

impl Member {
    /// What it is called in a sentence.
    fn name(&self) -> String {
        match self.labels.to_string() {
            labels if labels.is_empty() => self.title.clone(),
            labels => format!("{} of {labels}", self.title),
        }
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    format!("{rounded}")
}
