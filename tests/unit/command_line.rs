//! A service's command line: help that lists every variable of the contract, and exit codes that
//! say why it did not start.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use harness::binary;

/// The contract's configuration: the variable, its default, and who knows it.
const VARIABLES: &[(&str, &str, &[&str])] = &[
    ("HOST", "127.0.0.1", ALL),
    ("PORT", "", ALL),
    (
        "PRODUCT_SERVICE_URL",
        "http://127.0.0.1:8081",
        &["gateway-service", "order-service"],
    ),
    (
        "INVENTORY_SERVICE_URL",
        "http://127.0.0.1:8082",
        &["gateway-service", "order-service"],
    ),
    (
        "ORDER_SERVICE_URL",
        "http://127.0.0.1:8083",
        &["gateway-service"],
    ),
    (
        "GATEWAY_SERVICE_URL",
        "http://127.0.0.1:8080",
        &["frontend"],
    ),
    ("TRACES_URL", "", &["frontend"]),
    ("LOGS_URL", "", &["frontend"]),
    ("METRICS_URL", "", &["frontend"]),
    ("ALERTS_URL", "", &["frontend"]),
    ("JAEGER_UI_URL", "", &["frontend"]),
    ("GRAFANA_URL", "", &["frontend"]),
    (
        "STATE_DIRECTORY",
        "state",
        &[
            "product-service",
            "inventory-service",
            "order-service",
            "anomaly-detector",
        ],
    ),
    (
        "PROMETHEUS_URL",
        "http://127.0.0.1:9090",
        &["anomaly-detector"],
    ),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "", ALL),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", ALL),
    ("OTEL_EXPORTER_OTLP_HEADERS", "", ALL),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "10000", ALL),
    ("OTEL_SERVICE_NAME", "", ALL),
    ("OTEL_RESOURCE_ATTRIBUTES", "", ALL),
    ("OTEL_TRACES_SAMPLER", "parentbased_always_on", ALL),
    ("OTEL_TRACES_SAMPLER_ARG", "", ALL),
    ("OTEL_BSP_SCHEDULE_DELAY", "5000", ALL),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "2048", ALL),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512", ALL),
    ("OTEL_BSP_EXPORT_TIMEOUT", "30000", ALL),
    ("OTEL_SDK_DISABLED", "false", ALL),
    ("RUST_LOG", "info", ALL),
    ("LOG_FORMAT", "auto", ALL),
    ("LOG_FILTER_FILE", "", ALL),
    ("FAULTS_FILE", "", ALL),
];

/// What systemd sets; there is no flag for it, and a reader of the help is told of it.
const OF_SYSTEMD: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
    "CREDENTIALS_DIRECTORY",
];

const ALL: &[&str] = &[
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
    "anomaly-detector",
];

const PORTS: [(&str, &str); 6] = [
    ("frontend", "3001"),
    ("gateway-service", "8080"),
    ("product-service", "8081"),
    ("inventory-service", "8082"),
    ("order-service", "8083"),
    ("anomaly-detector", "8084"),
];

fn run(service: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(binary(service))
        .args(arguments)
        .env_clear()
        .env("PORT", "0")
        .envs(environment.iter().copied())
        .output()
        .expect("the binary")
}

#[test]
fn a_wrong_start_says_what_is_wrong_in_one_line_and_by_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let state = folder.path().join("state");
    let state = ("STATE_DIRECTORY", state.to_str().expect("UTF-8"));
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").port().to_string();
    let missing = folder.path().join("missing");
    let missing = missing.to_str().expect("UTF-8");
    // The variable, its value, the exit code (sysexits), and what the line names.
    let table = [
        ("PORT", taken.as_str(), 69, taken.as_str()),
        ("HOST", "192.0.2.1", 69, "192.0.2.1"),
        ("STATE_DIRECTORY", file, 74, "store"),
        ("LOG_FILTER_FILE", missing, 64, missing),
        ("LOG_FORMAT", "journald", 64, "LOG_FORMAT"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "ftp://a",
            64,
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "not an address",
            64,
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "secret",
            64,
            "OTEL_EXPORTER_OTLP_HEADERS",
        ),
    ];
    for (name, value, code, named) in table {
        if value == "journald" && Path::new("/run/systemd/journal/socket").exists() {
            continue; // It would work here.
        }
        let mut environment = vec![state];
        if name == "OTEL_EXPORTER_OTLP_HEADERS" {
            environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"));
        }
        environment.push((name, value));
        let output = run("product-service", &[], &environment);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{name}={value}: {error}");
        assert_eq!(error.lines().count(), 1, "{name}={value}: {error}");
        assert!(
            error.starts_with("product-service: ") && error.contains(named),
            "{name}={value}: {error}"
        );
    }
}

#[test]
fn a_wrong_flag_or_number_is_usage_and_names_itself() {
    for service in ALL {
        for (arguments, environment, named) in [
            (&["--no-such-flag"][..], &[][..], "--no-such-flag"),
            (&["--port", "70000"], &[], "--port"),
            (&[], &[("PORT", "http")], "--port"),
            (&[], &[("RUST_LOG", "product_service=loud")], "--log-filter"),
        ] {
            let output = run(service, arguments, environment);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{service} {error}");
            assert!(
                error.starts_with("error: ") && error.contains(named),
                "{service} {error}"
            );
            assert!(
                !error.contains('\u{1b}'),
                "no colour where there is no terminal: {error}"
            );
        }
    }
}

#[test]
fn help_lists_every_variable_with_its_default() {
    for service in ALL {
        let output = run(service, &["--help"], &[]);
        assert!(output.status.success());
        let help = String::from_utf8(output.stdout).expect("UTF-8");
        for (variable, default, services) in VARIABLES {
            let flags: Vec<_> = help
                .split("\n      --")
                .filter(|flag| {
                    ["=", "]"]
                        .iter()
                        .any(|end| flag.contains(&format!("[env: {variable}{end}")))
                })
                .collect();
            let known = usize::from(services.contains(service));
            assert_eq!(flags.len(), known, "{service} {variable}");
            if known == 1 && !default.is_empty() {
                assert!(
                    flags[0].contains(&format!("[default: {default}]")),
                    "{service}: {}",
                    flags[0]
                );
            }
        }
        let port = PORTS
            .iter()
            .find(|(name, _)| name == service)
            .expect("a port")
            .1;
        assert!(
            help.contains(&format!("[default: {port}]")),
            "{service} {port}"
        );
        for variable in OF_SYSTEMD {
            assert!(
                help.contains(variable),
                "{service} --help does not tell of {variable}"
            );
        }
    }
}
