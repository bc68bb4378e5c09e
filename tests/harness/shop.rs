//! A whole shop: five services on free ports, each with a store of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::identities::Identities;
use crate::{Answer, Http, LogLine, Process, Scrape, eventually};

/// How a shop is started.
#[derive(Clone, Debug, Default)]
pub struct ShopOptions {
    /// The OTLP receiver; none: no spans are sent.
    pub otlp: Option<String>,
    /// Further environment of every service.
    pub environment: Vec<(&'static str, String)>,
    /// The folder of the built page.
    pub assets: Option<PathBuf>,
    /// Where the frontend reads traces.
    pub traces_url: Option<String>,
    /// Who the services are.
    pub identities: Option<Arc<Identities>>,
    /// Whether the frontend server is left out.
    pub without_frontend: bool,
}

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    options: ShopOptions,
    folder: TempDir,
    services: BTreeMap<&'static str, Process>,
    addresses: BTreeMap<&'static str, SocketAddr>,
}

/// In the order in which they can be started: each knows the ones before it.
const SERVICES: [&str; 5] = [
    "product-service",
    "inventory-service",
    "order-service",
    "gateway-service",
    "frontend",
];

impl Shop {
    /// Starts a shop without telemetry back ends.
    pub fn start() -> Self {
        Self::with(ShopOptions::default())
    }

    /// Starts a shop.
    pub fn with(options: ShopOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (services, addresses) = (BTreeMap::new(), BTreeMap::new());
        let mut shop = Self {
            options,
            folder,
            services,
            addresses,
        };
        let without_frontend = shop.options.without_frontend;
        for name in SERVICES
            .into_iter()
            .filter(|name| !(without_frontend && *name == "frontend"))
        {
            shop.start_service(name);
        }
        shop
    }

    /// The folder of a service's store.
    pub fn state(&self, service: &str) -> PathBuf {
        self.folder.path().join(service)
    }

    /// A service.
    pub fn service(&mut self, name: &str) -> &mut Process {
        self.services
            .get_mut(name)
            .unwrap_or_else(|| panic!("{name} does not run"))
    }

    /// All services.
    pub fn services(&mut self) -> impl Iterator<Item = &mut Process> {
        self.services.values_mut()
    }

    /// A client of a service.
    pub fn http(&self, service: &str) -> Http {
        Http::new(
            *self
                .addresses
                .get(service)
                .unwrap_or_else(|| panic!("no {service}")),
        )
    }

    /// A client of the gateway.
    pub fn gateway(&self) -> Http {
        self.http("gateway-service")
    }

    /// A client of the frontend server.
    pub fn frontend(&self) -> Http {
        self.http("frontend")
    }

    /// Kills a service with SIGKILL.
    pub fn kill(&mut self, name: &str) {
        self.service(name).kill();
        self.services.remove(name);
    }

    /// Starts a service again, on the address and the store that it had.
    pub fn start_service(&mut self, name: &'static str) {
        let environment = self.environment(name);
        self.start_service_with(name, &environment);
    }

    /// Starts a service with an environment of the test's own.
    pub fn start_service_with(
        &mut self,
        name: &'static str,
        environment: &[(&'static str, OsString)],
    ) {
        let process = Process::start(name, environment);
        self.addresses.insert(name, process.address());
        self.services.insert(name, process);
    }

    /// The environment of a service: its store, its peers, its address when it had one.
    pub fn environment(&self, name: &str) -> Vec<(&'static str, OsString)> {
        let mut environment: Vec<(&'static str, OsString)> = Vec::new();
        environment.push(("STATE_DIRECTORY", self.state(name).into()));
        if let Some(address) = self.addresses.get(name) {
            environment.push(("PORT", address.port().to_string().into()));
        }
        for (variable, peer) in [
            ("PRODUCT_SERVICE_URL", "product-service"),
            ("INVENTORY_SERVICE_URL", "inventory-service"),
            ("ORDER_SERVICE_URL", "order-service"),
            ("GATEWAY_SERVICE_URL", "gateway-service"),
        ] {
            if let Some(address) = self.addresses.get(peer) {
                environment.push((variable, format!("http://{address}").into()));
            }
        }
        if let Some(endpoint) = &self.options.otlp {
            environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.into()));
            // A test waits for its spans.
            environment.push(("OTEL_BSP_SCHEDULE_DELAY", "20".into()));
        }
        let assets = self.options.assets.clone();
        let assets = assets.unwrap_or_else(|| self.folder.path().join("no-page"));
        environment.push(("ASSETS_DIR", assets.into()));
        if let Some(url) = &self.options.traces_url {
            environment.push(("TRACES_URL", url.into()));
        }
        if let Some(identities) = &self.options.identities {
            environment.extend(identities.environment(name));
        }
        for (name, value) in &self.options.environment {
            environment.push((name, value.into()));
        }
        environment
    }

    /// Every event of one trace, of all services that run.
    pub fn log_of_trace(&self, trace_id: &str) -> Vec<LogLine> {
        let logs = self.services.values().flat_map(Process::log);
        logs.filter(|line| line["trace_id"] == trace_id).collect()
    }

    /// Buys through the gateway.
    pub async fn buy(&self, product: &str, quantity: u32) -> Answer {
        let wish = json!({ "productId": product, "quantity": quantity });
        self.gateway().post("/api/orders", &wish).await
    }

    /// Sets the stock of a product.
    pub async fn set_stock(&self, product: &str, quantity: u32) {
        let path = format!("/api/inventory/{product}");
        let answer = self
            .gateway()
            .put(&path, &json!({ "quantity": quantity }))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Waits until the order service has counted so many orders as failed.
    pub async fn has_failed_orders(&self, count: f64) {
        let orders = self.http("order-service");
        eventually("the order service has given them up", async || {
            let scrape = Scrape::of(&orders).await;
            let failed = scrape.value("shop_orders_total", &[("result", "failed")]);
            if failed == Some(count) {
                Ok(())
            } else {
                Err(failed)
            }
        })
        .await;
    }

    /// What is on the shelf of a product.
    pub async fn stock(&self, product: &str) -> u64 {
        let answer = self
            .gateway()
            .get(&format!("/api/inventory/{product}"))
            .await;
        answer.json()["quantity"]
            .as_u64()
            .unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Every order, the newest first, read page by page.
    pub async fn orders(&self) -> Vec<Value> {
        let (gateway, mut orders) = (self.gateway(), Vec::new());
        let mut path = "/api/orders?limit=500".to_owned();
        loop {
            let page = gateway.get(&path).await;
            orders.extend(page.json().as_array().expect("a page").iter().cloned());
            let Some(link) = page.header("link") else {
                return orders;
            };
            let next = link.strip_prefix('<').and_then(|link| link.split_once('>'));
            let (next, _) = next.unwrap_or_else(|| panic!("no link: {link}"));
            next.clone_into(&mut path);
        }
    }

    /// The folder that holds all stores.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
