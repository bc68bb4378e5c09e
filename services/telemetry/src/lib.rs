//! Metrics, logs and traces of a service, from one call.
//!
//! [`Telemetry::start`] gives a service everything: events of `tracing` become journal entries,
//! JSON or text ([`logs`]); spans of OpenTelemetry are exported over OTLP ([`traces`]); families of
//! `prometheus` are rendered for the scraper ([`metrics`]). Nothing here ever slows, blocks or
//! fails a request: what cannot be written or sent in time is dropped and counted.

mod args;
pub mod logs;
pub mod metrics;
pub mod protocol;
mod request_id;
pub mod traces;
mod variable;

use std::time::Duration;

use tokio::time::Instant;

pub use args::TelemetryArgs;
pub use request_id::{InvalidRequestId, RequestId};

use logs::Logs;
use metrics::Metrics;
use traces::Traces;

/// How long a service that stops waits until its last spans and events are sent. Long enough for
/// a slow receiver, short enough that a dead one does not delay a restart.
pub const FLUSH_BOUND: Duration = Duration::from_secs(3);

/// The name and the version of a service.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The name of its unit and binary.
    pub name: &'static str,
    /// The version of its package.
    pub version: &'static str,
}

/// The telemetry of a running service.
#[derive(Debug)]
pub struct Telemetry {
    /// The families that the scraper sees.
    pub metrics: Metrics,
    /// Tracers, and the export of their spans.
    pub traces: Traces,
    /// The writer of events.
    pub logs: Logs,
}

/// Why telemetry could not start. Only wrong settings stop a start; a back end that is away
/// never does.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings of the logs.
    #[error(transparent)]
    Logs(#[from] logs::LogError),
    /// The settings of the traces.
    #[error(transparent)]
    Traces(#[from] traces::TraceError),
    /// A family was registered twice.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl Telemetry {
    /// Starts logs, traces and metrics. Must be called once, inside a tokio runtime.
    pub fn start(service: Service, args: &TelemetryArgs) -> Result<Self, StartError> {
        let name = &traces::service_name(args).unwrap_or_else(|| service.name.to_owned());
        let logs = Logs::start(name, args)?;
        let traces = Traces::start(name, service.version, args)?;
        let metrics = Metrics::new(name, service.version)?;
        metrics.register(Box::new(logs.dropped()))?;
        metrics.register(Box::new(traces.dropped()))?;
        Ok(Self {
            metrics,
            traces,
            logs,
        })
    }

    /// Sends what is left, for at most [`FLUSH_BOUND`] in all. Blocks: it must not be called on a
    /// thread of the runtime.
    pub fn flush(&self) {
        let deadline = Instant::now() + FLUSH_BOUND;
        self.traces.shutdown(FLUSH_BOUND);
        // The events come last: a failed flush of the spans is itself an event. They go to this
        // host, so a moment is enough even when the spans have used up the bound.
        let left = deadline.saturating_duration_since(Instant::now());
        self.logs.flush(left.max(Duration::from_millis(500)));
    }
}
