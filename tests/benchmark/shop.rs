//! The whole shop, with stores of its own on disk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use harness::process::processor_time;
use harness::{Http, Scrape};
use serde_json::json;

use crate::unit::{Layers, Unit, World};

/// The services, each after those that it asks.
pub(crate) const SERVICES: [&str; 5] = [
    "product-service",
    "inventory-service",
    "order-service",
    "gateway-service",
    "frontend",
];

/// The most that a shelf may hold, so that none runs empty.
const STOCK: u32 = 1_000_000;

/// A running shop.
#[derive(Debug)]
pub(crate) struct Shop(BTreeMap<&'static str, Unit>);

impl Shop {
    /// Starts the five services and fills the shelves.
    pub(crate) async fn start(world: &World, layers: &Layers) -> Self {
        let mut shop = Self(BTreeMap::new());
        for name in SERVICES {
            let peers = [
                ("PRODUCT_SERVICE_URL", "product-service"),
                ("INVENTORY_SERVICE_URL", "inventory-service"),
                ("ORDER_SERVICE_URL", "order-service"),
                ("GATEWAY_SERVICE_URL", "gateway-service"),
            ];
            let peers = peers.into_iter().filter_map(|(variable, peer)| {
                let unit = shop.0.get(peer)?;
                Some((variable, format!("http://{}", unit.address)))
            });
            // The page is not part of what is measured.
            let page = ("ASSETS_DIR", "/nonexistent".to_owned());
            let environment: Vec<_> = peers.chain([page]).collect();
            let unit = world.start(name, layers, &environment);
            shop.0.insert(name, unit);
        }
        shop.fill().await;
        shop
    }

    async fn fill(&self) {
        let gateway = Http::new(self.address("gateway-service"));
        for product in ["product1", "product2", "product3"] {
            let path = format!("/api/inventory/{product}");
            let answer = gateway.put(&path, &json!({ "quantity": STOCK })).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }

    pub(crate) fn address(&self, service: &str) -> SocketAddr {
        self.0[service].address
    }

    pub(crate) fn unit(&self, service: &str) -> &Unit {
        &self.0[service]
    }

    /// The processor time that its services, this program and the load generator have used.
    pub(crate) fn processor_time(&self) -> Duration {
        let services = self.0.values().map(|unit| unit.process.processor_time());
        services.sum::<Duration>() + processor_time("self")
    }

    /// The sum of a counter over all services.
    pub(crate) async fn counted(&self, family: &str) -> f64 {
        let mut sum = 0.0;
        for unit in self.0.values() {
            sum += Scrape::of(&Http::new(unit.address)).await.sum(family, &[]);
        }
        sum
    }
}
