//! Each order's trace as a tree, once it is complete.

use std::fmt::Write;
use std::time::Duration;

use opentelemetry::TraceId;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::console::log_line;
use crate::logs::Logs;
use crate::output::print;
use crate::paint::{Paint, Style};
use crate::trace::{Received, Trace};
use crate::traces::Traces;
use crate::tree;

/// The span of the order service that every order has, and nothing else.
const ORDER_SPAN: &str = "create_order";

/// No new span for this long: the exporters, which send every 200 ms, have nothing more.
const QUIET: Duration = Duration::from_millis(700);

/// After this a trace is drawn even if spans are missing: a page sends its own spans after a
/// second or two, and never if it has been closed.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often incomplete traces are looked at: often enough for a person who waits.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// How many trees are drawn at once: a screen has no room for more, and under load nobody reads
/// them.
const TREES: usize = 2;

/// Draws each order's trace once, when it is complete.
#[derive(Debug)]
pub struct Orders {
    traces: Traces,
    logs: Option<Logs>,
    paint: Paint,
    announced: mpsc::Receiver<TraceId>,
    /// The traces that are not drawn yet, in the order of their announcement. Nothing else is
    /// ever looked at, so without traffic there is nothing to do.
    incomplete: Vec<TraceId>,
    skipped: usize,
}

impl Orders {
    /// Draws the orders among these traces, with their log lines if given.
    pub fn new(traces: Traces, logs: Option<Logs>, paint: Paint) -> Self {
        Self {
            announced: traces.watch(ORDER_SPAN),
            traces,
            logs,
            paint,
            incomplete: Vec::new(),
            skipped: 0,
        }
    }

    /// Draws for as long as it is polled. Without an order it sleeps: there is no timer.
    pub async fn draw(mut self) -> ! {
        loop {
            match self.announced.recv().await {
                Some(id) => self.incomplete.push(id),
                // A newer watch has replaced this one.
                None => std::future::pending().await,
            }
            while !self.incomplete.is_empty() || self.skipped > 0 {
                tokio::time::sleep(LOOK_INTERVAL).await;
                let complete = self.take_complete(Instant::now());
                self.draw_last(&complete);
            }
        }
    }

    /// Takes those that are complete, the oldest first.
    fn take_complete(&mut self, now: Instant) -> Vec<Trace> {
        while let Ok(id) = self.announced.try_recv() {
            self.incomplete.push(id);
        }
        let mut complete = Vec::new();
        self.incomplete.retain(|id| {
            // One that is gone made room for newer ones.
            let Some(trace) = self.traces.get(*id) else {
                return false;
            };
            let waits = !is_complete(&trace, now);
            if !waits {
                complete.push(trace);
            }
            waits
        });
        complete
    }

    fn draw_last(&mut self, complete: &[Trace]) {
        let skipped = complete.len().saturating_sub(TREES);
        for trace in &complete[skipped..] {
            print(&self.tree(trace));
        }
        self.skipped += skipped;
        if self.skipped > 0 && skipped == 0 {
            let orders = if self.skipped == 1 { "order" } else { "orders" };
            let more = format!("({} more {orders})", self.skipped);
            print(&(self.paint.style(Style::Dim, &more) + "\n"));
            self.skipped = 0;
        }
    }

    fn tree(&self, trace: &Trace) -> String {
        let spans = trace.spans.iter();
        let order = spans
            .filter(|received| received.span.name == ORDER_SPAN)
            .find_map(|received| received.attribute("order.id"))
            .unwrap_or("refused");
        let head = self.paint.style(Style::Strong, &format!("order {order}"));
        let mut text = format!("{head}  trace {}\n", trace.id);
        text += &tree::render(trace, self.paint);
        if let Some(logs) = &self.logs {
            for line in logs.of_trace(trace.id) {
                let _ = writeln!(text, "  {}", log_line(&line, self.paint));
            }
        }
        text + "\n"
    }
}

fn is_complete(trace: &Trace, now: Instant) -> bool {
    let since = |span: Option<&Received>| span.map_or(Duration::MAX, |received| now - received.at);
    let quiet = since(trace.spans.last()) > QUIET;
    (quiet && tree::has_one_root(trace)) || since(trace.spans.first()) > PATIENCE
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

    use super::*;

    fn send(traces: &Traces, trace: u128, span: u8, parent: u8, name: &str) {
        let bytes = |id: u8| if id == 0 { vec![] } else { vec![id; 8] };
        let span = Span {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: bytes(span),
            parent_span_id: bytes(parent),
            name: name.to_owned(),
            ..Span::default()
        };
        traces.keep(ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![ScopeSpans {
                    spans: vec![span],
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        });
    }

    fn orders() -> (Traces, Orders) {
        let traces = Traces::default();
        let orders = Orders::new(traces.clone(), None, Paint::plain());
        (traces, orders)
    }

    fn ids(traces: &[Trace]) -> Vec<TraceId> {
        traces.iter().map(|trace| trace.id).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_trace_is_drawn_once_and_then_never_looked_at_again() {
        let (traces, mut orders) = orders();
        for trace in 1..=3000 {
            send(&traces, trace, 1, 0, ORDER_SPAN);
        }
        send(&traces, 5000, 1, 0, "no order");
        tokio::time::advance(QUIET).await;
        assert!(orders.take_complete(Instant::now()).is_empty());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(orders.take_complete(Instant::now()).len(), 3000);
        assert!(orders.incomplete.is_empty(), "nothing is left to look at");
        // Late spans of a drawn trace, and traces without an order, change nothing.
        send(&traces, 7, 2, 1, "late");
        assert!(orders.take_complete(Instant::now()).is_empty());
        assert!(orders.incomplete.is_empty());
        assert_eq!(traces.get(7.into()).unwrap().spans.len(), 2);
    }

    /// Counts how often a future asks to be polled again.
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_order_nothing_wakes_it() {
        let (traces, orders) = orders();
        let count = Arc::new(Wakes::default());
        let waker = Arc::clone(&count).into();
        let mut drawing = pin!(orders.draw());
        assert!(
            drawing
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        send(&traces, 1, 1, 0, "no order");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        send(&traces, 2, 1, 0, ORDER_SPAN);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trace_is_complete_when_it_is_quiet_and_has_one_root() {
        let (traces, mut orders) = orders();
        send(&traces, 1, 3, 2, ORDER_SPAN);
        tokio::time::advance(Duration::from_secs(1)).await;
        send(&traces, 1, 2, 1, "parent");
        send(&traces, 1, 4, 9, "its parent is missing");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(orders.take_complete(Instant::now()).is_empty(), "two roots");
        send(&traces, 1, 9, 2, "missing");
        assert!(orders.take_complete(Instant::now()).is_empty(), "not quiet");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ids(&orders.take_complete(Instant::now())), [1.into()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trace_that_never_becomes_complete_is_drawn_all_the_same() {
        let (traces, mut orders) = orders();
        send(&traces, 1, 2, 1, ORDER_SPAN);
        send(&traces, 1, 4, 3, "orphan");
        tokio::time::advance(PATIENCE).await;
        assert!(orders.take_complete(Instant::now()).is_empty());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(ids(&orders.take_complete(Instant::now())), [1.into()]);
    }
}
