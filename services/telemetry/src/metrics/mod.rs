//! Metrics: the families that every service has, and the two formats in which they are exposed.

mod exemplar;
mod exposition;
mod http;
mod openmetrics;
mod peers;
mod runtime;

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{IntGaugeVec, Opts, Registry};
use tokio::runtime::Handle;

use runtime::{RuntimeCollector, Runtimes};

pub use exemplar::ExemplarHistogramVec;
pub use exposition::Exposition;
pub use http::{ClientMetrics, InFlight, RetryOutcome, ServerMetrics};
pub use peers::{CircuitState, Instance, Peer};

/// The families of a service.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    runtimes: Runtimes,
    /// The requests that this service answers.
    pub server: Arc<ServerMetrics>,
    /// The requests that this service sends.
    pub client: Arc<ClientMetrics>,
}

impl Metrics {
    /// The families that every service has, for the service of this name and version.
    pub fn new(service: &str, version: &str) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let server = Arc::new(ServerMetrics::new(&registry)?);
        let client = Arc::new(ClientMetrics::new(&registry)?);
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let runtimes = Runtimes::default();
        let collector = RuntimeCollector::new(Arc::clone(&runtimes))?;
        registry.register(Box::new(collector))?;
        let info = IntGaugeVec::new(
            Opts::new(
                "app_info",
                "The service and its version, as labels of a constant 1.",
            ),
            &["service", "version"],
        )?;
        info.with_label_values(&[service, version]).set(1);
        registry.register(Box::new(info))?;
        Ok(Self {
            registry,
            runtimes,
            server,
            client,
        })
    }

    /// Counts a runtime among those that run requests.
    pub fn show_runtime(&self, runtime: &Handle) {
        self.runtimes.lock().push(runtime.metrics());
    }

    /// Adds a family of the service's own.
    pub fn register(&self, collector: Box<dyn Collector>) -> prometheus::Result<()> {
        self.registry.register(collector)
    }

    /// All families as text, in the format that the scraper's `Accept` header prefers.
    pub fn render(&self, accept: Option<&str>) -> Exposition {
        let families = self.registry.gather();
        exposition::render(&families, accept, |family, labels, bucket| match family {
            http::SERVER_REQUESTS => self.server.requests().exemplar(labels, bucket),
            http::CLIENT_REQUESTS => self.client.requests().exemplar(labels, bucket),
            _ => None,
        })
    }
}
