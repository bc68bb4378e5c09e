//! The report as a table, for people.

use std::fmt::Write;

use crate::report::{Quantiles, Report};

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// The table: a line for each endpoint, and below it its errors.
pub(crate) fn table(report: &Report, colour: bool) -> String {
    let paint = |code: &str, text: &str| {
        if colour {
            format!("{code}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    };
    let mut lines = vec![paint(
        BOLD,
        &format!(
            "{:26} {:>9} {:>9} {:>8} {:>9} {:>9} {:>9} {:>9}",
            "endpoint", "requests", "a second", "failed", "p50 ms", "p90 ms", "p99 ms", "max ms"
        ),
    )];
    for (name, endpoint) in &report.endpoints {
        let Quantiles { p50, p90, p99, max } = endpoint.latency_ms;
        let failed: u64 = endpoint.failed.values().sum();
        lines.push(format!(
            "{name:26} {:>9} {:>9.1} {failed:>8} {p50:>9.2} {p90:>9.2} {p99:>9.2} {max:>9.2}",
            endpoint.requests, endpoint.rate
        ));
        for (what, count) in &endpoint.expected {
            lines.push(format!("  {what:24} {count:>9} expected"));
        }
        for (what, count) in &endpoint.failed {
            let mut line = format!("  {what:24} {count:>9} failed");
            if let Some(example) = endpoint.examples.get(what) {
                let _ = write!(line, ", such as {example}");
            }
            lines.push(paint(RED, &line));
        }
    }
    if let Some(late) = report.started_late_ms {
        lines.push(format!(
            "started late by {:.2} ms (p50), {:.2} ms (p99), at most {:.2} ms; latency includes it",
            late.p50, late.p99, late.max
        ));
    }
    lines.push(format!(
        "{} requests in {:.1} s: {} failed, {} expected errors, {:.1} a second did not fail; seed {}",
        report.requests, report.seconds, report.failed, report.expected, report.rate, report.seed
    ));
    if report.abandoned > 0 {
        lines.push(format!(
            "{} more had no answer yet when the run was ended",
            report.abandoned
        ));
    }
    lines.join("\n") + "\n"
}
