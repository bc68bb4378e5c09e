//! Where the services answer requests, probes and metrics.

use std::collections::BTreeMap;
use std::fs;

use api::PeerUrl;
use clap::Args as Group;

use crate::services::Service;

/// Where each service of this host answers probes, by the names of their units. The NixOS module writes
/// it: a service that asks its callers for an identity answers probes on a port of its own.
const PROBES: &str = "/etc/hello-observability/probes.json";

/// Where the services answer probes. What is not given stands in `/etc/hello-observability/probes.json`,
/// or else is the usual port on this host.
#[allow(clippy::struct_field_names)] // they are the flags
#[derive(Clone, Debug, Group)]
#[command(next_help_heading = "Services")]
pub(crate) struct Addresses {
    /// Where the frontend server listens [default: as the NixOS module says, or
    /// http://127.0.0.1:3001].
    #[arg(long, global = true, env = "FRONTEND_URL", value_name = "URL")]
    frontend_url: Option<PeerUrl>,
    /// Where the gateway listens [default: as the NixOS module says, or http://127.0.0.1:8080].
    #[arg(long, global = true, env = "GATEWAY_SERVICE_URL", value_name = "URL")]
    gateway_service_url: Option<PeerUrl>,
    /// Where the product service answers probes [default: as the NixOS module says, or
    /// http://127.0.0.1:8081].
    #[arg(long, global = true, env = "PRODUCT_SERVICE_URL", value_name = "URL")]
    product_service_url: Option<PeerUrl>,
    /// Where the inventory service answers probes [default: as the NixOS module says, or
    /// http://127.0.0.1:8082].
    #[arg(long, global = true, env = "INVENTORY_SERVICE_URL", value_name = "URL")]
    inventory_service_url: Option<PeerUrl>,
    /// Where the order service answers probes [default: as the NixOS module says, or
    /// http://127.0.0.1:8083].
    #[arg(long, global = true, env = "ORDER_SERVICE_URL", value_name = "URL")]
    order_service_url: Option<PeerUrl>,
}

impl Addresses {
    /// The address of each service.
    pub(crate) fn resolve(&self) -> BTreeMap<Service, PeerUrl> {
        // Without the module there is none, and it writes no other.
        let text = fs::read_to_string(PROBES).unwrap_or_default();
        self.resolve_with(&serde_json::from_str(&text).unwrap_or_default())
    }

    fn resolve_with(&self, written: &BTreeMap<Service, String>) -> BTreeMap<Service, PeerUrl> {
        let written = |service| written.get(&service)?.parse().ok();
        let address = |service| {
            let (given, port) = self.of(service);
            let found = given.clone().or_else(|| written(service));
            let usual = || format!("http://127.0.0.1:{port}").parse();
            found.unwrap_or_else(|| usual().expect("a number makes an address"))
        };
        Service::ALL
            .map(|service| (service, address(service)))
            .into()
    }

    /// What is given for a service, and its usual port.
    const fn of(&self, service: Service) -> (&Option<PeerUrl>, u16) {
        match service {
            Service::Frontend => (&self.frontend_url, 3001),
            Service::Gateway => (&self.gateway_service_url, 8080),
            Service::Product => (&self.product_service_url, 8081),
            Service::Inventory => (&self.inventory_service_url, 8082),
            Service::Order => (&self.order_service_url, 8083),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_counts_before_what_is_written_and_that_before_what_is_usual() {
        let addresses = Addresses {
            frontend_url: None,
            gateway_service_url: None,
            product_service_url: Some("http://127.0.0.1:1".parse().unwrap()),
            inventory_service_url: None,
            order_service_url: None,
        };
        let written = r#"{"product-service": "http://127.0.0.1:8181", "order-service": "http://127.0.0.1:8183"}"#;
        let found = addresses.resolve_with(&serde_json::from_str(written).unwrap());
        let text = |service| found[&service].to_string();
        assert_eq!(text(Service::Product), "http://127.0.0.1:1");
        assert_eq!(text(Service::Order), "http://127.0.0.1:8183");
        assert_eq!(text(Service::Inventory), "http://127.0.0.1:8082");
        assert_eq!(text(Service::Frontend), "http://127.0.0.1:3001");
    }
}
