//! The programs of the shop, their ports and their environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::args::Args;

/// The port of OTLP over HTTP.
const RECEIVER_PORT: u16 = 4318;

/// One program.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The name of its unit and binary.
    pub name: &'static str,
    /// Its port, without an offset.
    pub port: u16,
    /// The variable with its address, for the others.
    pub url_variable: &'static str,
    /// What a person finds there.
    pub what: &'static str,
}

/// The API gateway.
pub const GATEWAY: Service = Service {
    name: "gateway-service",
    port: 8080,
    url_variable: "GATEWAY_SERVICE_URL",
    what: "/api/openapi.json",
};

/// The page's server.
pub const FRONTEND: Service = Service {
    name: "frontend",
    port: 3001,
    url_variable: "FRONTEND_URL",
    what: "the page",
};

/// The anomaly detector, which is started where a Prometheus is told of.
pub const DETECTOR: Service = Service {
    name: "anomaly-detector",
    port: 8084,
    url_variable: "ANOMALY_DETECTOR_URL",
    what: "/actuator/prometheus",
};

/// All services in the order in which they are started: each after those that it calls.
pub const SERVICES: [Service; 5] = [
    Service {
        name: "product-service",
        port: 8081,
        url_variable: "PRODUCT_SERVICE_URL",
        what: "/products",
    },
    Service {
        name: "inventory-service",
        port: 8082,
        url_variable: "INVENTORY_SERVICE_URL",
        what: "/inventory",
    },
    Service {
        name: "order-service",
        port: 8083,
        url_variable: "ORDER_SERVICE_URL",
        what: "/orders",
    },
    GATEWAY,
    FRONTEND,
];

/// The program that adds traffic; it has no port.
pub const LOAD_GENERATOR: &str = "load-generator";

impl Service {
    /// Its port in this shop.
    pub const fn port(&self, args: &Args) -> u16 {
        self.port + args.port_offset
    }

    /// Its address in this shop.
    pub fn url(&self, args: &Args) -> String {
        format!("http://127.0.0.1:{}", self.port(args))
    }

    /// Its environment, beside what it inherits.
    pub fn environment(&self, args: &Args, page: &Path) -> Vec<(&'static str, OsString)> {
        let mut environment: Vec<(&str, OsString)> = vec![
            ("HOST", "127.0.0.1".into()),
            ("PORT", self.port(args).to_string().into()),
            ("STATE_DIRECTORY", args.data_dir.join(self.name).into()),
            (
                "FAULTS_FILE",
                faults_folder(args)
                    .join(format!("{}.json", self.name))
                    .into(),
            ),
            ("LOG_FORMAT", "json".into()),
            ("ASSETS_DIR", page.into()),
        ];
        for peer in SERVICES {
            environment.push((peer.url_variable, peer.url(args).into()));
        }
        if args.receives() {
            let receiver = format!("http://127.0.0.1:{}", receiver_port(args));
            environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.clone().into()));
            environment.push(("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".into()));
            environment.push(("TRACES_URL", receiver.clone().into()));
            environment.push(("LOGS_URL", receiver.clone().into()));
            environment.push(("METRICS_URL", receiver.into()));
            // A person waits for the tree; the default is 5 s.
            environment.push(("OTEL_BSP_SCHEDULE_DELAY", "200".into()));
        }
        environment
    }
}

/// The folder of the files in which faults are switched on (`scenario --faults-folder`).
pub fn faults_folder(args: &Args) -> PathBuf {
    args.data_dir.join("faults")
}

/// The port of the launcher's own receiver in this shop.
pub const fn receiver_port(args: &Args) -> u16 {
    RECEIVER_PORT + args.port_offset
}
