//! What a person sees: where everything is, and what goes wrong.

use std::net::SocketAddr;

use crate::args::Args;
use crate::log_line::LogLine;
use crate::logs::Logs;
use crate::output::print;
use crate::paint::{Paint, Style};
use crate::services::{FRONTEND, SERVICES, receiver_port};
use crate::supervisor::Line;

/// Where the page reads what the launcher does not keep, by the variable that says so.
const READ_AT: [(&str, &str); 3] = [
    ("traces read at", "TRACES_URL"),
    ("logs read at", "LOGS_URL"),
    ("metrics read at", "METRICS_URL"),
];

/// Prints where everything is.
pub fn print_places(args: &Args, paint: Paint) {
    let place = |name: &str, url: &str, what: &str| {
        let what = paint.style(Style::Dim, what);
        print(&format!("  {name:18} {url:24} {what}\n"));
    };
    print(&format!(
        "\n{}\n",
        paint.style(Style::Strong, "The shop is open.")
    ));
    for service in SERVICES.iter().rev() {
        place(service.name, &service.url(args), service.what);
    }
    if let Some(endpoint) = args.other_receiver() {
        print(&format!("  {:18} {endpoint}\n", "spans go to"));
        for (name, variable) in READ_AT {
            let url =
                std::env::var(variable).unwrap_or_else(|_| format!("nowhere: set {variable}"));
            print(&format!("  {name:18} {url}\n"));
        }
    } else {
        let url = format!("http://127.0.0.1:{}", receiver_port(args));
        place(
            "telemetry",
            &url,
            "OTLP over HTTP; the last traces, log lines and metrics, in memory",
        );
    }
    print(&format!("  {:18} {}\n", "stores", args.data_dir.display()));
    let page = FRONTEND.url(args);
    print(&format!(
        "\nOpen {page} and buy something; its trace appears here. Ctrl-C closes the shop.\n\n"
    ));
}

/// Prints where spans are received.
pub fn print_receiver(address: SocketAddr) {
    print(&format!(
        "receiving spans at http://{address}/v1/traces (OTLP over HTTP)\n\
         serving traces at http://{address}/api/v3/traces/{{id}}\n"
    ));
}

/// Keeps a line if it belongs to a trace, and prints it if it is a warning, an error, or no log line.
pub fn show(line: Line, logs: &Logs, paint: Paint) {
    let Some(log) = line.log else {
        print(&format!("{}: {}\n", line.name, line.text));
        return;
    };
    if matches!(log.level.as_str(), "WARN" | "ERROR") {
        print(&format!("{}\n", log_line(&log, paint)));
    }
    logs.keep(log);
}

/// A log line in short: time, level, service, message.
pub fn log_line(line: &LogLine, paint: Paint) -> String {
    let time = line.timestamp.get(11..23).unwrap_or_default();
    let level = match line.level.as_str() {
        "ERROR" => paint.style(Style::Bad, "ERROR"),
        "WARN" => paint.style(Style::Warning, "WARN "),
        level => format!("{level:5}"),
    };
    let service = paint.service(&line.service, &line.service);
    let cause = line.fields.get("cause").and_then(|cause| cause.as_str());
    let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!(
        "{} {level} {service}: {}{cause}",
        paint.style(Style::Dim, time),
        line.message
    )
}
