//! The queries of the page's System view: the frontend server asks them of Prometheus, or of the
//! launcher, which answers exactly these.

/// The services that are looked at: Prometheus' `job` of each.
pub const SERVICES: [&str; 5] = [
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
];

/// How far back rates look, in seconds: the `[1m]` of the queries. Twelve scrapes of the shop.
pub const WINDOW: f64 = 60.0;

/// A query for one series for each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Requests a second.
    Rate,
    /// Requests a second that were answered with 5xx.
    Errors,
    /// The 95th percentile of the response time, in seconds.
    P95,
    /// CPU seconds a second: 1 is a whole core.
    Cpu,
    /// The most of it that the service can use: the threads that run its tasks.
    CpuLimit,
    /// Resident memory, in bytes.
    Memory,
    /// The most that its unit may hold, in bytes; nothing where that is not known.
    MemoryLimit,
    /// Writes that wait for the store.
    Queue,
    /// State of its worst circuit to a peer: 0 closed, 1 half-open, 2 open.
    Circuit,
    /// Requests a second that are refused because they have waited for too long.
    Shed,
    /// Requests a second that are sent to a peer a second time.
    Retries,
    /// Requests a second that would be sent again, if the budget of retries were not spent.
    OverBudget,
    /// Instances of its peers that are left out: ejected, or about to be tried again by one request.
    Ejected,
    /// 1 when the last scrape succeeded, else 0.
    Up,
    /// The borders of what is usual for the rate, as the anomaly detector has learned them; nothing
    /// where it does not run.
    RateLower,
    /// See [`Query::RateLower`].
    RateUpper,
    /// The same for the 95th percentile.
    P95Lower,
    /// See [`Query::P95Lower`].
    P95Upper,
}

/// The matcher of the services. A macro, since `concat!` takes literals only.
macro_rules! shop {
    () => {
        r#"job=~"frontend|gateway-service|product-service|inventory-service|order-service""#
    };
}

/// The requests that are looked at: not probes, and not the page's own reading of telemetry, which
/// would be most of what a quiet shop answers. [`is_counted`] says the same of one.
macro_rules! requests {
    () => {
        concat!(
            shop!(),
            r#",uri!~"/health|/metrics|/actuator/prometheus|/(system|traces|logs|otlp)/.*""#
        )
    };
}

/// A border of what the anomaly detector has learned of a query.
macro_rules! band {
    ($border:literal, $query:literal) => {
        concat!(
            "max by (job) (anomaly_",
            $border,
            "{query=\"",
            $query,
            "\",",
            shop!(),
            "})"
        )
    };
}

/// Whether the requests of a route are among those that are looked at.
pub fn is_counted(uri: &str) -> bool {
    let probes = ["/health", "/metrics", "/actuator/prometheus"];
    let telemetry = ["/system/", "/traces/", "/logs/", "/otlp/"];
    !probes.contains(&uri) && !telemetry.iter().any(|folder| uri.starts_with(folder))
}

impl Query {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Rate,
        Self::Errors,
        Self::P95,
        Self::Cpu,
        Self::CpuLimit,
        Self::Memory,
        Self::MemoryLimit,
        Self::Queue,
        Self::Circuit,
        Self::Shed,
        Self::Retries,
        Self::OverBudget,
        Self::Ejected,
        Self::Up,
        Self::RateLower,
        Self::RateUpper,
        Self::P95Lower,
        Self::P95Upper,
    ];

    /// Its name in the answer to the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Errors => "errors",
            Self::P95 => "p95",
            Self::Cpu => "cpu",
            Self::CpuLimit => "cpu_limit",
            Self::Memory => "memory",
            Self::MemoryLimit => "memory_limit",
            Self::Queue => "queue",
            Self::Circuit => "circuit",
            Self::Shed => "shed",
            Self::Retries => "retries",
            Self::OverBudget => "over_budget",
            Self::Ejected => "ejected",
            Self::Up => "up",
            Self::RateLower => "rate_lower",
            Self::RateUpper => "rate_upper",
            Self::P95Lower => "p95_lower",
            Self::P95Upper => "p95_upper",
        }
    }

    /// Its text. Each of its series has the label `job`, and no other.
    pub const fn promql(self) -> &'static str {
        match self {
            Self::Rate => concat!(
                "sum by (job) (rate(http_server_requests_seconds_count{",
                requests!(),
                "}[1m]))"
            ),
            // A service without an error has no series of errors: that is 0, not unknown.
            Self::Errors => concat!(
                "sum by (job) (rate(http_server_requests_seconds_count{",
                requests!(),
                r#",outcome="SERVER_ERROR"}[1m])) or "#,
                "0 * sum by (job) (rate(http_server_requests_seconds_count{",
                requests!(),
                "}[1m]))"
            ),
            Self::P95 => concat!(
                "histogram_quantile(0.95, sum by (job, le) (rate(http_server_requests_seconds_bucket{",
                requests!(),
                "}[1m])))"
            ),
            Self::Cpu => concat!(
                "sum by (job) (rate(process_cpu_seconds_total{",
                shop!(),
                "}[1m]))"
            ),
            Self::CpuLimit => concat!("sum by (job) (tokio_workers{", shop!(), "})"),
            Self::Memory => concat!(
                "sum by (job) (process_resident_memory_bytes{",
                shop!(),
                "})"
            ),
            // A record of the shop's own rules, from MemoryMax= of each unit.
            Self::MemoryLimit => concat!("max by (job) (job:memory_max_bytes{", shop!(), "})"),
            Self::Queue => concat!("sum by (job) (store_queue_writes{", shop!(), "})"),
            Self::Circuit => {
                concat!("max by (job) (http_client_circuit_state{", shop!(), "})")
            }
            Self::Shed => concat!(
                "sum by (job) (rate(http_server_requests_shed_total{",
                shop!(),
                "}[1m]))"
            ),
            Self::Retries => concat!(
                "sum by (job) (rate(http_client_retries_total{",
                shop!(),
                r#",outcome!="over_budget"}[1m]))"#
            ),
            Self::OverBudget => concat!(
                "sum by (job) (rate(http_client_retries_total{",
                shop!(),
                r#",outcome="over_budget"}[1m]))"#
            ),
            // Several processes of a service may have left out the same instance. Its state changes from 2
            // to 1 after each pause, and stays there until a request comes: both are left out.
            Self::Ejected => concat!(
                "sum by (job) (max by (job, peer, peer_instance) (http_client_instance_state{",
                shop!(),
                "} > bool 0))"
            ),
            Self::Up => concat!("min by (job) (up{", shop!(), "})"),
            Self::RateLower => band!("lower", "rate"),
            Self::RateUpper => band!("upper", "rate"),
            Self::P95Lower => band!("lower", "p95"),
            Self::P95Upper => band!("upper", "p95"),
        }
    }

    /// The query with this text.
    pub fn find(promql: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|query| query.promql() == promql)
    }
}

/// The faults that are switched on, as a query for the present: each of its series has the labels
/// `job` and `fault`, and no other.
pub const FAULTS: &str = concat!("max by (job, fault) (fault_active{", shop!(), "}) > 0");

/// The series whose exemplars are the traces of a service.
pub fn exemplars(service: &str) -> String {
    format!(r#"http_server_requests_seconds_bucket{{job="{service}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_is_about_every_service_and_is_found_by_its_text() {
        let shop = format!(r#"job=~"{}""#, SERVICES.join("|"));
        for query in Query::ALL {
            assert!(query.promql().contains(&shop), "{query:?}");
            assert_eq!(Query::find(query.promql()), Some(query));
        }
        assert!(FAULTS.contains(&shop));
        assert_eq!(Query::find("up"), None);
    }

    #[test]
    fn probes_and_the_reading_of_telemetry_are_not_counted() {
        for uri in [
            "/metrics",
            "/health",
            "/system/overview",
            "/traces/{trace_id}",
        ] {
            assert!(!is_counted(uri), "{uri}");
        }
        for uri in ["/", "/orders", "/api/orders", "/api/inventory/{id}"] {
            assert!(is_counted(uri), "{uri}");
        }
    }
}
