//! The whole shop, with stores of its own on disk: as `cargo run` starts it, or as the NixOS module does.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use harness::identities::Identities;
use harness::process::processor_time;
use harness::{Http, Issuer, Scrape};
use http::Method;
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

/// Whom a shop believes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Services that show each other who they are.
    pub(crate) identities: Option<Arc<Identities>>,
    /// People who sign in.
    pub(crate) issuer: Option<Issuer>,
}

impl Trust {
    fn environment(&self, service: &str) -> Vec<(&'static str, String)> {
        let mut environment = Vec::new();
        if let Some(identities) = &self.identities {
            identities.issue(service);
            let own = identities.environment(service).into_iter();
            let text = |value: OsString| value.into_string().expect("a path of ours");
            environment.extend(own.map(|(name, value)| (name, text(value))));
        }
        // The page, where people sign in by hand, is not part of what is measured.
        if let Some(issuer) = &self.issuer
            && service != "frontend"
        {
            environment.push(("OIDC_ISSUER", issuer.url()));
            environment.push(("REQUIRE_PERSON", "1".to_owned()));
            // One person asks for all.
            environment.push(("REQUESTS_PER_PERSON", "100000".to_owned()));
        }
        environment
    }

    /// The token of an operator, who may also buy.
    pub(crate) fn token(&self) -> Option<String> {
        let issuer = self.issuer.as_ref()?;
        Some(issuer.token("somebody", &["operator"]))
    }
}

impl Shop {
    /// Starts the five services and fills the shelves.
    pub(crate) async fn start(world: &World, layers: &Layers) -> Self {
        Self::trusting(world, layers, &Trust::default()).await
    }

    /// The same with identities and people who sign in.
    pub(crate) async fn trusting(world: &World, layers: &Layers, trust: &Trust) -> Self {
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
            let trusted = trust.environment(name);
            let environment: Vec<_> = peers.chain([page]).chain(trusted).collect();
            let unit = world.start(name, layers, &environment);
            shop.0.insert(name, unit);
        }
        shop.fill(trust.token().as_deref()).await;
        shop
    }

    async fn fill(&self, token: Option<&str>) {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let gateway = Http::new(self.address("gateway-service"));
        for product in ["product1", "product2", "product3"] {
            let path = format!("/api/inventory/{product}");
            let body = json!({ "quantity": STOCK }).to_string();
            let answer = gateway.send(Method::PUT, &path, &headers, body).await;
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
