//! The settings of telemetry: flags, with the environment as fallback.

use std::path::PathBuf;

use clap::Args;

use crate::logs::{Filter, Format};
use crate::variable::{Number, Text};

/// Flags of telemetry, the same for every service.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Telemetry")]
pub struct TelemetryArgs {
    /// Which events are logged: a level, or `target=level` pairs separated by commas.
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info")]
    pub log_filter: Filter,

    /// A file that holds a log filter. It is read at the start and again on SIGHUP, and takes
    /// precedence over RUST_LOG, which cannot change while the service runs.
    #[arg(long, env = "LOG_FILTER_FILE", value_name = "FILE")]
    pub log_filter_file: Option<PathBuf>,

    /// Where events go: `auto` is the journal when systemd connected the output to it, else
    /// text on a terminal, else JSON.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "auto")]
    pub log_format: Format,

    /// The address of an OTLP receiver, such as http://127.0.0.1:4318. Without one, no span is
    /// sent.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    pub otel_exporter_otlp_endpoint: Text,

    /// The protocol of the receiver: `http/protobuf` (usually port 4318) or `grpc` (4317).
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_PROTOCOL",
        value_name = "PROTOCOL",
        default_value = "http/protobuf"
    )]
    pub otel_exporter_otlp_protocol: Text,

    /// Headers for the receiver, `key=value` pairs separated by commas. Better kept out of the
    /// process list: a file `otlp-headers` in `$CREDENTIALS_DIRECTORY` (systemd's
    /// LoadCredential=) holds the same.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_HEADERS",
        value_name = "HEADERS",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub otel_exporter_otlp_headers: Text,

    /// How long one export may take, in milliseconds.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TIMEOUT",
        value_name = "MS",
        default_value = "10000"
    )]
    pub otel_exporter_otlp_timeout: Number<10000>,

    /// The name of the service in traces and logs, when it is not to be the binary's.
    #[arg(
        long,
        env = "OTEL_SERVICE_NAME",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub otel_service_name: Text,

    /// Further attributes of the resource, `key=value` pairs separated by commas.
    #[arg(
        long,
        env = "OTEL_RESOURCE_ATTRIBUTES",
        value_name = "ATTRIBUTES",
        default_value = "",
        hide_default_value = true
    )]
    pub otel_resource_attributes: Text,

    /// Which traces are kept: always_on, always_off, traceidratio, parentbased_always_on,
    /// parentbased_always_off or parentbased_traceidratio.
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER",
        value_name = "SAMPLER",
        default_value = "parentbased_always_on"
    )]
    pub otel_traces_sampler: Text,

    /// The ratio of the ratio samplers, from 0 to 1 (1 when absent).
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        value_name = "RATIO",
        default_value = "",
        hide_default_value = true
    )]
    pub otel_traces_sampler_arg: Text,

    /// How long spans are gathered before they are sent, in milliseconds.
    #[arg(
        long,
        env = "OTEL_BSP_SCHEDULE_DELAY",
        value_name = "MS",
        default_value = "5000"
    )]
    pub otel_bsp_schedule_delay: Number<5000>,

    /// How many spans may wait; more are dropped and counted.
    #[arg(
        long,
        env = "OTEL_BSP_MAX_QUEUE_SIZE",
        value_name = "SPANS",
        default_value = "2048"
    )]
    pub otel_bsp_max_queue_size: Number<2048>,

    /// How many spans are sent at once.
    #[arg(
        long,
        env = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        value_name = "SPANS",
        default_value = "512"
    )]
    pub otel_bsp_max_export_batch_size: Number<512>,

    /// How long one export of a batch may take, in milliseconds; the smaller of this and
    /// --otel-exporter-otlp-timeout counts.
    #[arg(
        long,
        env = "OTEL_BSP_EXPORT_TIMEOUT",
        value_name = "MS",
        default_value = "30000"
    )]
    pub otel_bsp_export_timeout: Number<30000>,

    /// `true` makes no spans at all.
    #[arg(long, env = "OTEL_SDK_DISABLED", value_name = "BOOL", default_value = "false", num_args = 0..=1, default_missing_value = "true")]
    pub otel_sdk_disabled: Text,
}
