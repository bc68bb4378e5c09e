//! The spans of a store (OpenTelemetry's database conventions), under the span of its caller.
//!
//! A read is one span, `SELECT orders`. A write is `INSERT orders` from the call to the answer, and
//! within it `COMMIT orders.db`. Many writes may share a commit: each trace has a span of its own
//! for it, with the true start and end and links to the neighbours. A write that had to wait for
//! the transaction before also has `wait for the writer` within it.
//!
//! Spans are made on the threads of the store after the caller has its answer (that of a look-up on
//! the caller's), from times that were taken on the way. A call without a sampled caller, such as a
//! probe, has none.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Event, Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use opentelemetry_semantic_conventions::attribute::{
    DB_COLLECTION_NAME, DB_NAMESPACE, DB_OPERATION_BATCH_SIZE, DB_OPERATION_NAME,
    DB_RESPONSE_STATUS_CODE, DB_SYSTEM_NAME, ERROR_TYPE, EXCEPTION_MESSAGE, EXCEPTION_TYPE,
};
use tokio::time::Instant;

use crate::{Operation, StoreError};

/// How many neighbours the span of a commit links to: as many as somebody may follow, while a full
/// group with all of them would have 65,280 links. They are the next ones in the group, which
/// forms a ring: all traces can be reached from any of them. `db.operation.batch.size` tells how
/// many there are.
const LINKS: usize = 8;

/// A start and an end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    pub(crate) start: SystemTime,
    pub(crate) length: Duration,
}

impl Period {
    /// Runs `work` and measures it. The length is that of a clock that nobody sets.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (start, clock) = (SystemTime::now(), Instant::now());
        let outcome = work();
        let length = clock.elapsed();
        (outcome, Self { start, length })
    }
}

/// A call whose caller is in a sampled trace.
#[derive(Debug)]
pub(crate) struct Call {
    operation: Operation,
    /// The span of the caller. Not its context, which would keep that span open after the caller
    /// has gone away.
    caller: SpanContext,
    start: SystemTime,
}

/// A call that is being answered.
#[derive(Debug)]
pub(crate) struct Answered {
    call: Call,
    end: SystemTime,
    error: Option<StoreError>,
}

impl Call {
    /// A call of the current context.
    pub(crate) fn begin(operation: Operation) -> Option<Self> {
        Context::map_current(|context| {
            let span = context.span();
            let caller = span.span_context();
            (caller.is_valid() && caller.is_sampled()).then(|| Self {
                operation,
                caller: caller.clone(),
                start: SystemTime::now(),
            })
        })
    }

    /// To be called right before the answer is sent, so that the span does not outlast its
    /// caller's.
    pub(crate) fn end<T>(self, result: &Result<T, StoreError>) -> Answered {
        Answered {
            call: self,
            end: SystemTime::now(),
            error: result.as_ref().err().cloned(),
        }
    }
}

/// What the writes of one transaction have in common.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// When the group before was done: a write that came earlier had to wait.
    pub(crate) earlier_end: SystemTime,
    pub(crate) begin: SystemTime,
    /// The number of all writes, with or without a trace.
    pub(crate) writes: usize,
    /// None when the group failed before its commit.
    pub(crate) commit: Option<Period>,
    pub(crate) outcome: &'a Result<(), StoreError>,
}

/// Makes the spans of one store.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    tracer: SdkTracer,
    /// `db.namespace`: the name of the file.
    namespace: Arc<str>,
    commit: Arc<str>,
}

impl Spans {
    pub(crate) fn new(tracer: SdkTracer, file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Self {
            tracer,
            commit: format!("COMMIT {name}").into(),
            namespace: name.into(),
        }
    }

    /// The span of a read.
    pub(crate) fn read(&self, read: &Answered) {
        self.start(read).span().end_with_timestamp(read.end);
    }

    /// The spans of the writes of a group.
    pub(crate) fn group(&self, writes: &[Answered], group: &Group<'_>) {
        let spans: Vec<_> = writes.iter().map(|write| self.start(write)).collect();
        for (index, (span, write)) in spans.iter().zip(writes).enumerate() {
            if write.call.start < group.earlier_end {
                self.wait(span, write.call.start, group.begin);
            }
            if let Some(period) = group.commit {
                let ring = spans.iter().cycle().skip(index + 1);
                let neighbours = ring.take(LINKS.min(spans.len() - 1));
                self.commit(span, period, group, neighbours);
            }
            span.span().end_with_timestamp(write.end);
        }
    }

    /// Starts the span of a whole call.
    fn start(&self, answered: &Answered) -> Context {
        let Answered { call, end, error } = answered;
        let Operation { name, table } = call.operation;
        let mut attributes = self.attributes(name.into());
        attributes.push(KeyValue::new(DB_COLLECTION_NAME, table));
        let caller = Context::new().with_remote_span_context(call.caller.clone());
        let span = SpanBuilder {
            name: format!("{name} {table}").into(),
            span_kind: Some(SpanKind::Client),
            start_time: Some(call.start),
            attributes: Some(attributes),
            ..SpanBuilder::default()
        };
        Context::new().with_span(self.build(span, &caller, error.as_ref(), *end))
    }

    fn wait(&self, write: &Context, start: SystemTime, end: SystemTime) {
        let span = SpanBuilder {
            name: Cow::Borrowed("wait for the writer"),
            span_kind: Some(SpanKind::Internal),
            start_time: Some(start),
            ..SpanBuilder::default()
        };
        self.build(span, write, None, end).end_with_timestamp(end);
    }

    fn commit<'a>(
        &self,
        write: &Context,
        period: Period,
        group: &Group<'_>,
        neighbours: impl Iterator<Item = &'a Context>,
    ) {
        let mut attributes = self.attributes("COMMIT".into());
        // The conventions have no batch of one.
        if group.writes > 1 {
            let writes = i64::try_from(group.writes).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new(DB_OPERATION_BATCH_SIZE, writes));
        }
        let links = neighbours.map(|other| Link::with_context(other.span().span_context().clone()));
        let span = SpanBuilder {
            name: self.commit.to_string().into(),
            span_kind: Some(SpanKind::Client),
            start_time: Some(period.start),
            attributes: Some(attributes),
            links: Some(links.collect()),
            ..SpanBuilder::default()
        };
        let end = period.start + period.length;
        self.build(span, write, group.outcome.as_ref().err(), end)
            .end_with_timestamp(end);
    }

    fn attributes(&self, operation: opentelemetry::StringValue) -> Vec<KeyValue> {
        // Room for the table or the batch's size as well.
        let mut attributes = Vec::with_capacity(4);
        attributes.push(KeyValue::new(DB_SYSTEM_NAME, "sqlite"));
        attributes.push(KeyValue::new(DB_NAMESPACE, Arc::clone(&self.namespace)));
        attributes.push(KeyValue::new(DB_OPERATION_NAME, operation));
        attributes
    }

    fn build(
        &self,
        mut span: SpanBuilder,
        parent: &Context,
        error: Option<&StoreError>,
        end: SystemTime,
    ) -> <SdkTracer as Tracer>::Span {
        let Some(error) = error else {
            return self.tracer.build_with_context(span, parent);
        };
        let message = error.to_string();
        let attributes = span.attributes.get_or_insert_default();
        attributes.push(KeyValue::new(ERROR_TYPE, error.name()));
        if let Some(code) = error.result_code() {
            attributes.push(KeyValue::new(DB_RESPONSE_STATUS_CODE, code.to_string()));
        }
        // Not by `telemetry::traces::add_exception`, whose time is now: after the end of the span.
        let exception = vec![
            KeyValue::new(EXCEPTION_TYPE, error.name()),
            KeyValue::new(EXCEPTION_MESSAGE, message.clone()),
        ];
        span.events = Some(vec![Event::new("exception", end, exception, 0)]);
        let mut span = self.tracer.build_with_context(span, parent);
        span.set_status(Status::error(message));
        span
    }
}
