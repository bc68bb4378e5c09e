//! Metrics, log lines and spans, as Prometheus, journald and a receiver of OTLP get them.

mod export;
mod failed_trace;
mod frontend_logs;
mod frontend_metrics;
mod journal;
mod log_output;
mod logs;
mod metrics;
mod openmetrics;
mod order_metrics;
mod order_trace;
mod prometheus;
mod propagation;
mod server_span;
