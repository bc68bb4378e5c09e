//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Parser;

/// Starts the whole shop on this host: builds what is out of date, starts every service with its
/// own store, and prints each order's trace.
///
/// Without OTEL_EXPORTER_OTLP_ENDPOINT the launcher receives the spans itself, keeps the last ones in
/// memory with their log lines, and scrapes the services' metrics for the page. With it the spans
/// go there, and TRACES_URL, LOGS_URL and METRICS_URL tell the page where to read traces, log
/// lines and metrics, ALERTS_URL what fires. Ctrl-C stops everything.
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
    cargo run                     start the shop, then open http://127.0.0.1:3001\n  \
    cargo run -- --logs           print the log lines of each order, too\n  \
    cargo run -- --load           add traffic\n  \
    cargo run -- --port-offset 100 --data-dir /tmp/second   a second shop beside the first"
)]
pub struct Args {
    /// Adds traffic from the load generator.
    #[arg(long)]
    pub load: bool,

    /// Prints the log lines of each order's trace below its tree.
    #[arg(long)]
    pub logs: bool,

    /// The folder for the stores; each service has its own folder in it.
    #[arg(long, value_name = "FOLDER", default_value = ".shop")]
    pub data_dir: PathBuf,

    /// Deletes the stores first: the shop starts as on its first day.
    #[arg(long)]
    pub fresh: bool,

    /// Does not build the page, for a host without Node.js.
    #[arg(long)]
    pub no_page: bool,

    /// A folder with built services; then nothing is built.
    #[arg(long, value_name = "FOLDER")]
    pub bin_dir: Option<PathBuf>,

    /// A number to add to every port, for a second shop beside the first.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..50_000))]
    pub port_offset: u16,

    /// Starts only the receiver of spans (OTLP over HTTP), which keeps the last traces in memory and
    /// serves them as Jaeger does: GET /api/v3/traces/{id}.
    #[arg(long, conflicts_with_all = ["load", "logs", "data_dir", "fresh", "no_page", "bin_dir"])]
    pub receiver_only: bool,

    /// The address on which that receiver listens.
    #[arg(long, value_name = "ADDRESS", requires = "receiver_only", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub receiver_host: IpAddr,

    /// Prometheus' address, such as http://127.0.0.1:9090: with it the anomaly detector is started, too,
    /// and learns from there.
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL")]
    pub prometheus_url: Option<String>,

    /// Another receiver of spans, in place of the launcher's own.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otel_exporter_otlp_endpoint: Option<String>,
}

impl Args {
    /// Whether the launcher receives the spans itself.
    pub fn receives(&self) -> bool {
        self.receiver_only || self.other_receiver().is_none()
    }

    /// Where the anomaly detector learns from, if it is to be started; an empty variable counts as none.
    pub fn detects(&self) -> Option<&str> {
        self.prometheus_url
            .as_deref()
            .filter(|url| !url.is_empty() && !self.receiver_only)
    }

    /// The other receiver, if one is given; an empty variable counts as none.
    pub fn other_receiver(&self) -> Option<&str> {
        self.otel_exporter_otlp_endpoint
            .as_deref()
            .filter(|endpoint| !endpoint.is_empty())
    }
}
