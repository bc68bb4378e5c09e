//! What a person sees: where everything is, each order's trace, and what goes wrong.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::args::Args;
use crate::logs::Logs;
use crate::services::{SERVICES, receiver_port};
use crate::traces::{Trace, Traces};
use crate::tree;

/// No new span for this long: the exporters, which send every 200 ms, have nothing more.
const QUIET: Duration = Duration::from_millis(700);

/// After this a trace is drawn as far as it has come: a page sends its own spans after a second
/// or two, and a closed one never.
const PATIENCE: Duration = Duration::from_secs(4);

/// At most so many trees at once; a screen holds no more, and under load nobody reads them.
const TREES: usize = 2;

/// Whether and how text is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colour: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Strong,
    /// Something went wrong.
    Bad,
    /// Something may go wrong.
    Warning,
    /// Of less interest.
    Dim,
}

impl Paint {
    /// Colours on a terminal, unless NO_COLOR (<https://no-color.org>) is set.
    pub fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: std::io::stdout().is_terminal() && !refused,
        }
    }

    /// No colours.
    pub const fn plain() -> Self {
        Self { colour: false }
    }

    /// The text in its style.
    pub fn style(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Strong => "1",
            Style::Bad => "31",
            Style::Warning => "33",
            Style::Dim => "2",
        };
        self.coloured(code, text)
    }

    /// The text in the colour of a service, the same each time.
    pub fn service(self, service: &str, text: &str) -> String {
        let known = SERVICES.iter().position(|known| known.name == service);
        self.coloured(
            ["35", "33", "36", "34", "32"]
                .get(known.unwrap_or(9))
                .unwrap_or(&"37"),
            text,
        )
    }

    fn coloured(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Prints what is where.
pub fn print_places(args: &Args, paint: Paint) {
    println!("\n{}", paint.style(Style::Strong, "The shop is open."));
    for service in SERVICES.iter().rev() {
        let url = service.url(args);
        println!(
            "  {:18} {url:24} {}",
            service.name,
            paint.style(Style::Dim, service.what)
        );
    }
    if let Some(endpoint) = args.other_receiver() {
        println!("  {:18} {endpoint}", "spans go to");
    } else {
        let url = format!("http://127.0.0.1:{}", receiver_port(args));
        let what = paint.style(Style::Dim, "OTLP over HTTP; the last traces, in memory");
        println!("  {:18} {url:24} {what}", "spans");
    }
    println!("  {:18} {}", "stores", args.data_dir.display());
    let page = SERVICES[4].url(args);
    println!("\nOpen {page} and buy something; its trace appears here. Ctrl-C ends the shop.\n");
}

/// Draws each order's trace once, when it has come to rest.
#[derive(Debug)]
pub struct Orders {
    traces: Traces,
    logs: Option<Logs>,
    paint: Paint,
    drawn: std::collections::VecDeque<String>,
    skipped: usize,
}

impl Orders {
    /// Draws from these traces, with the log lines when they are given.
    pub fn new(traces: Traces, logs: Option<Logs>, paint: Paint) -> Self {
        Self {
            traces,
            logs,
            paint,
            drawn: std::collections::VecDeque::new(),
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
            println!(
                "{}",
                self.paint
                    .style(Style::Dim, &format!("({} more orders)", self.skipped))
            );
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

/// A log line in short: time, level, service, message.
pub fn log_line(line: &Value, paint: Paint) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let time = text("timestamp").get(11..23).unwrap_or_default();
    let level = text("level");
    let level = match level {
        "ERROR" => paint.style(Style::Bad, level),
        "WARN" => paint.style(Style::Warning, level),
        _ => level.to_owned(),
    };
    let service = paint.service(text("service"), text("service"));
    let cause = line["cause"]
        .as_str()
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    format!(
        "{} {level:5} {service}: {}{cause}",
        paint.style(Style::Dim, time),
        text("message")
    )
}
