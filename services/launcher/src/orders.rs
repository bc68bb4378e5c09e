//! Each order's trace as a tree, once it has come to rest.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::console::log_line;
use crate::logs::Logs;
use crate::paint::{Paint, Style};
use crate::traces::{Trace, Traces};
use crate::tree;

/// No new span for this long: the exporters, which send every 200 ms, have nothing more.
const QUIET: Duration = Duration::from_millis(700);

/// After this a trace is drawn as far as it has come: a page sends its own spans after a second
/// or two, and a closed one never.
const PATIENCE: Duration = Duration::from_secs(4);

/// At most so many trees at once; a screen holds no more, and under load nobody reads them.
const TREES: usize = 2;

/// Draws each order's trace once, when it has come to rest.
#[derive(Debug)]
pub struct Orders {
    traces: Traces,
    logs: Option<Logs>,
    paint: Paint,
    drawn: VecDeque<String>,
    skipped: usize,
}

impl Orders {
    /// Draws from these traces, with the log lines when they are given.
    pub fn new(traces: Traces, logs: Option<Logs>, paint: Paint) -> Self {
        Self {
            traces,
            logs,
            paint,
            drawn: VecDeque::new(),
            skipped: 0,
        }
    }

    /// Draws what has come to rest since the last time.
    pub fn draw(&mut self) {
        let now = Instant::now();
        let at_rest = |trace: &Trace| {
            let whole = tree::is_whole(trace) && now - trace.last > QUIET;
            whole || now - trace.first > PATIENCE
        };
        let new: Vec<_> = self
            .traces
            .with_span("create_order")
            .into_iter()
            .filter(|trace| at_rest(trace) && !self.drawn.contains(&trace.id))
            .collect();
        let left_out = new.len().saturating_sub(TREES);
        for trace in &new[left_out..] {
            self.draw_one(trace);
        }
        self.skipped += left_out;
        if self.skipped > 0 && new.len() <= TREES {
            let orders = if self.skipped == 1 { "order" } else { "orders" };
            let more = format!("({} more {orders})", self.skipped);
            println!("{}", self.paint.style(Style::Dim, &more));
            self.skipped = 0;
        }
        for trace in new {
            self.drawn.push_back(trace.id);
        }
        // As many as there can be traces; the rest is forgotten there as well.
        while self.drawn.len() > 10_000 {
            self.drawn.pop_front();
        }
    }

    fn draw_one(&self, trace: &Trace) {
        let spans = trace.spans.iter();
        let order = spans
            .filter(|received| received.span.name == "create_order")
            .find_map(|received| received.attribute("order.id"))
            .unwrap_or("refused");
        let head = format!("order {order}");
        println!(
            "{}  trace {}",
            self.paint.style(Style::Strong, &head),
            trace.id
        );
        print!("{}", tree::render(trace, self.paint));
        if let Some(logs) = &self.logs {
            for line in logs.of_trace(&trace.id) {
                println!("  {}", log_line(&line, self.paint));
            }
        }
        println!();
    }
}
