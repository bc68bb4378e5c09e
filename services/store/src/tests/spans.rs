//! The spans that reads and writes leave in the trace of their caller.

use std::collections::HashSet;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState,
};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::*;

/// Forwards each span that has ended.
#[derive(Debug)]
struct Forward(mpsc::Sender<SpanData>);

impl SpanProcessor for Forward {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let _ = self.0.send(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// A store and the spans that it makes.
struct Traced {
    store: Store,
    ended: mpsc::Receiver<SpanData>,
    _folder: TempDir,
}

impl Traced {
    fn open() -> Self {
        let (sender, ended) = mpsc::channel();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Forward(sender))
            .build();
        let folder = tempfile::tempdir().unwrap();
        let store = open_at(&file_in(&folder), MIGRATIONS, provider.tracer("store")).unwrap();
        Self {
            store,
            ended,
            _folder: folder,
        }
    }

    /// All spans, once the threads of the store have ended.
    fn spans(self) -> Vec<SpanData> {
        drop(self.store);
        let next = || match self.ended.recv_timeout(Duration::from_secs(10)) {
            Ok(span) => Some(span),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("a thread does not end"),
        };
        std::iter::from_fn(next).collect()
    }
}

/// The context of a caller in a trace of its own.
pub(super) fn caller(trace: u128, flags: TraceFlags) -> Context {
    Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from(trace),
        SpanId::from(7),
        flags,
        false,
        TraceState::default(),
    ))
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let mut found = span
        .attributes
        .iter()
        .filter(|pair| pair.key.as_str() == name);
    let value = found.next().map(|pair| pair.value.to_string());
    assert!(found.next().is_none(), "{name} twice");
    value
}

/// The attributes that every call of the store has.
fn assert_database(span: &SpanData, operation: &str, table: Option<&str>) {
    assert_eq!(span.span_kind, SpanKind::Client, "{}", span.name);
    for (name, value) in [
        ("db.system.name", Some("sqlite")),
        ("db.namespace", Some("store.db")),
        ("db.operation.name", Some(operation)),
        ("db.collection.name", table),
    ] {
        assert_eq!(attribute(span, name).as_deref(), value, "{name}");
    }
}

fn assert_failed(span: &SpanData, kind: &str, code: Option<&str>) {
    assert_eq!(attribute(span, "error.type").as_deref(), Some(kind));
    assert_eq!(attribute(span, "db.response.status_code").as_deref(), code);
    assert!(matches!(span.status, Status::Error { .. }), "{span:?}");
    let [event] = span.events.events.as_slice() else {
        panic!("one event: {:?}", span.events);
    };
    assert_eq!(event.name, "exception");
    assert_eq!(event.timestamp, span.end_time);
}

fn assert_within(inner: &SpanData, outer: &SpanData) {
    assert_eq!(inner.parent_span_id, outer.span_context.span_id());
    assert_eq!(inner.span_context.trace_id(), outer.span_context.trace_id());
    assert!(outer.start_time <= inner.start_time, "{inner:?} {outer:?}");
    assert!(inner.end_time <= outer.end_time, "{inner:?} {outer:?}");
}

fn of_trace(spans: &[SpanData], trace: u128) -> Vec<&SpanData> {
    let ours = |span: &&SpanData| span.span_context.trace_id() == TraceId::from(trace);
    spans.iter().filter(ours).collect()
}

fn named<'a>(spans: &[&'a SpanData], name: &str) -> &'a SpanData {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found
        .next()
        .unwrap_or_else(|| panic!("no {name}: {spans:?}"));
    assert!(found.next().is_none(), "{name} twice");
    span
}

#[tokio::test]
async fn a_read_is_one_span_under_its_caller() {
    let traced = Traced::open();
    let store = &traced.store;
    let read = store.read(SELECT, sum);
    let look_up = store.look_up(SELECT, sum);
    let caller = |trace| caller(trace, TraceFlags::SAMPLED);
    read.with_context(caller(1)).await.unwrap();
    look_up.with_context(caller(2)).await.unwrap();
    let spans = traced.spans();
    for trace in [1, 2] {
        let spans = of_trace(&spans, trace);
        let [span] = spans.as_slice() else {
            panic!("one span: {spans:?}");
        };
        assert_eq!(span.name, "SELECT numbers");
        assert_database(span, "SELECT", Some("numbers"));
        assert_eq!(span.parent_span_id, SpanId::from(7));
        assert_eq!(span.status, Status::Unset);
        assert!(span.events.is_empty());
        assert!(span.start_time < span.end_time);
    }
}

#[tokio::test]
async fn a_write_to_an_idle_store_is_a_span_with_its_commit_inside() {
    let traced = Traced::open();
    let write = traced
        .store
        .write(INSERT, |connection| insert(connection, 7));
    write
        .with_context(caller(1, TraceFlags::SAMPLED))
        .await
        .unwrap();
    let spans = traced.spans();
    assert_eq!(spans.len(), 2, "{spans:?}");
    let spans = of_trace(&spans, 1);
    let (write, commit) = (
        named(&spans, "INSERT numbers"),
        named(&spans, "COMMIT store.db"),
    );
    assert_database(write, "INSERT", Some("numbers"));
    assert_eq!(write.parent_span_id, SpanId::from(7));
    assert_database(commit, "COMMIT", None);
    assert_within(commit, write);
    assert_eq!(attribute(commit, "db.operation.batch.size"), None);
    assert!(commit.links.is_empty());
}

#[tokio::test]
async fn writes_that_share_a_commit_each_show_it_and_link_to_one_another() {
    let traced = Traced::open();
    let held = Held::start(&traced.store).await;
    let writes: Vec<_> = (2..=21_u8)
        .map(|number| {
            let store = traced.store.clone();
            let write = move |connection: &Connection| insert(connection, number.into());
            let write = async move { store.write(INSERT, write).await };
            tokio::spawn(write.with_context(caller(number.into(), TraceFlags::SAMPLED)))
        })
        .collect();
    // Shares the commit without a trace.
    let store = traced.store.clone();
    let untraced = tokio::spawn(async move {
        store
            .write(INSERT, |connection| insert(connection, 99))
            .await
    });
    held.release(21).await;
    for write in writes {
        write.await.unwrap().unwrap();
    }
    untraced.await.unwrap().unwrap();

    let spans = traced.spans();
    assert_eq!(spans.len(), 20 * 3, "a write, its wait and its commit each");
    let mut shared = HashSet::new();
    for trace in 2..=21 {
        let own = of_trace(&spans, trace);
        let write = named(&own, "INSERT numbers");
        let wait = named(&own, "wait for the writer");
        let commit = named(&own, "COMMIT store.db");
        assert_within(wait, write);
        assert_eq!(wait.start_time, write.start_time);
        assert_eq!(wait.span_kind, SpanKind::Internal);
        assert_within(commit, write);
        assert!(wait.end_time <= commit.start_time);
        shared.insert((commit.start_time, commit.end_time));
        assert_eq!(
            attribute(commit, "db.operation.batch.size").as_deref(),
            Some("21")
        );
        let linked: HashSet<_> = commit
            .links
            .iter()
            .map(|link| link.span_context.span_id())
            .collect();
        assert_eq!(linked.len(), 8, "each neighbour once, and not too many");
        assert!(!linked.contains(&write.span_context.span_id()), "itself");
        for link in linked {
            let other = spans.iter().find(|s| s.span_context.span_id() == link);
            assert_eq!(other.expect("a span of ours").name, "INSERT numbers");
        }
    }
    assert_eq!(shared.len(), 1, "one commit, with its own times in each");
}

#[tokio::test]
async fn two_writes_of_one_commit_link_to_each_other_once() {
    let traced = Traced::open();
    let held = Held::start(&traced.store).await;
    let writes: Vec<_> = [2_u8, 3]
        .into_iter()
        .map(|number| {
            let store = traced.store.clone();
            let write = move |connection: &Connection| insert(connection, number.into());
            let write = async move { store.write(INSERT, write).await };
            tokio::spawn(write.with_context(caller(number.into(), TraceFlags::SAMPLED)))
        })
        .collect();
    held.release(2).await;
    for write in writes {
        write.await.unwrap().unwrap();
    }
    let spans = traced.spans();
    for (own, other) in [(2, 3), (3, 2)] {
        let commit = named(&of_trace(&spans, own), "COMMIT store.db");
        let other = named(&of_trace(&spans, other), "INSERT numbers");
        let linked: Vec<_> = commit.links.iter().map(|l| &l.span_context).collect();
        assert_eq!(linked, [&other.span_context]);
    }
}

#[tokio::test]
async fn what_has_no_sampled_caller_has_no_span() {
    let traced = Traced::open();
    let store = &traced.store;
    store.probe().await.unwrap();
    store.read(SELECT, sum).await.unwrap();
    let unsampled = caller(1, TraceFlags::default());
    let write = store.write(INSERT, |connection| insert(connection, 7));
    write.with_context(unsampled.clone()).await.unwrap();
    store
        .read(SELECT, sum)
        .with_context(unsampled)
        .await
        .unwrap();
    // A probe has none even within a trace.
    let probe = store.probe().with_context(caller(2, TraceFlags::SAMPLED));
    probe.await.unwrap();
    let spans = traced.spans();
    assert!(spans.is_empty(), "{spans:?}");
}

#[tokio::test]
async fn a_failed_call_says_on_its_span_what_failed() {
    let traced = Traced::open();
    let store = &traced.store;
    let twice = |connection: &Connection| {
        insert(connection, 7)?;
        insert(connection, 7)
    };
    let write = store.write(INSERT, twice);
    write
        .with_context(caller(1, TraceFlags::SAMPLED))
        .await
        .unwrap_err();
    let read = store.read(SELECT, |connection| insert(connection, 1));
    read.with_context(caller(2, TraceFlags::SAMPLED))
        .await
        .unwrap_err();
    let panics = store.read(SELECT, |_| -> rusqlite::Result<()> { panic!("a fault") });
    panics
        .with_context(caller(3, TraceFlags::SAMPLED))
        .await
        .unwrap_err();
    let spans = traced.spans();
    let write = of_trace(&spans, 1);
    // <https://www.sqlite.org/rescode.html>: SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_READONLY.
    assert_failed(named(&write, "INSERT numbers"), "Statement", Some("1555"));
    let commit = named(&write, "COMMIT store.db");
    assert_eq!(commit.status, Status::Unset, "the group was committed");
    let read = of_trace(&spans, 2);
    assert_failed(named(&read, "SELECT numbers"), "Unavailable", Some("8"));
    let panicked = of_trace(&spans, 3);
    assert_failed(named(&panicked, "SELECT numbers"), "Panicked", None);
}

#[tokio::test]
async fn a_failed_commit_is_an_error_of_its_span_and_of_the_writes() {
    let traced = Traced::open();
    let write = traced
        .store
        .write(INSERT, |connection| promise(connection, 99));
    write
        .with_context(caller(1, TraceFlags::SAMPLED))
        .await
        .unwrap_err();
    let spans = traced.spans();
    let spans = of_trace(&spans, 1);
    // SQLITE_CONSTRAINT_FOREIGNKEY.
    for name in ["INSERT numbers", "COMMIT store.db"] {
        assert_failed(named(&spans, name), "Statement", Some("787"));
    }
}

#[tokio::test]
async fn a_group_that_does_not_come_to_its_commit_shows_none() {
    let traced = Traced::open();
    let write = traced.store.write(INSERT, roll_back);
    write
        .with_context(caller(1, TraceFlags::SAMPLED))
        .await
        .unwrap_err();
    let spans = traced.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    // SQLITE_FULL.
    assert_failed(
        named(&of_trace(&spans, 1), "INSERT numbers"),
        "Unavailable",
        Some("13"),
    );
}
