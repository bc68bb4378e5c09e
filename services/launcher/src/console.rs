//! What a person sees: where everything is, and what goes wrong.

use std::net::SocketAddr;

use serde_json::Value;

use crate::args::Args;
use crate::logs::Logs;
use crate::paint::{Paint, Style};
use crate::services::{SERVICES, receiver_port};

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

/// Prints where spans are taken.
pub fn print_receiver(address: SocketAddr) {
    println!("taking spans at http://{address}/v1/traces (OTLP over HTTP)");
    println!("answering traces at http://{address}/api/v3/traces/{{id}}");
}

/// Keeps a line, and shows it when somebody should know.
pub fn show(name: &str, line: Value, logs: &Logs, paint: Paint) {
    match (line.as_str(), line["level"].as_str()) {
        (Some(text), _) => println!("{name}: {text}"),
        (None, Some("WARN" | "ERROR")) => println!("{}", log_line(&line, paint)),
        _ => {}
    }
    logs.keep(line);
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
