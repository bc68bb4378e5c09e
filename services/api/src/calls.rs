//! Which service may ask which for what: the one table of it.
//!
//! It holds where services have identities. What is not in it may nobody ask for, so that a new route
//! is closed until somebody says who needs it.

use http::Method;

/// The services that ask others, by their names.
const GATEWAY: &str = "gateway-service";
const ORDER: &str = "order-service";

/// What a service may be asked for, and by whom.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service that is asked.
    pub service: &'static str,
    /// The method; `GET` stands for `HEAD` too.
    pub method: Method,
    /// The route, with its parameters in braces.
    pub route: &'static str,
    /// The services that may.
    pub callers: &'static [&'static str],
}

const fn call(
    service: &'static str,
    method: Method,
    route: &'static str,
    callers: &'static [&'static str],
) -> Call {
    Call {
        service,
        method,
        route,
        callers,
    }
}

/// The table.
#[rustfmt::skip]
pub static CALLS: &[Call] = &[
    call("product-service", Method::GET, "/products", &[GATEWAY]),
    call("product-service", Method::POST, "/products", &[GATEWAY]),
    call("product-service", Method::GET, "/products/{id}", &[GATEWAY, ORDER]),
    call("inventory-service", Method::GET, "/inventory", &[GATEWAY]),
    call("inventory-service", Method::GET, "/inventory/{id}", &[GATEWAY]),
    call("inventory-service", Method::PUT, "/inventory/{id}", &[GATEWAY]),
    call("inventory-service", Method::POST, "/inventory/check", &[ORDER]),
    call("inventory-service", Method::POST, "/inventory/reservations", &[ORDER]),
    call("inventory-service", Method::DELETE, "/inventory/reservations/{id}", &[ORDER]),
    call("order-service", Method::GET, "/orders", &[GATEWAY]),
    call("order-service", Method::POST, "/orders", &[GATEWAY]),
    call("order-service", Method::GET, "/orders/{id}", &[GATEWAY]),
];

/// Whether other services ask this one, so that it has to know who they are. The gateway and the
/// frontend are for people.
pub fn is_called(service: &str) -> bool {
    CALLS.iter().any(|call| call.service == service)
}

/// Whether `caller` may ask `service` for this.
pub fn may_call(caller: &str, service: &str, method: &Method, route: &str) -> bool {
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let allowed =
        |call: &&Call| call.service == service && call.method == method && call.route == route;
    let mut calls = CALLS.iter().filter(allowed);
    calls.any(|call| call.callers.contains(&caller))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::{self, Upstream};

    #[test]
    fn only_the_order_service_takes_from_the_shelves() {
        let reserve = |caller| {
            may_call(
                caller,
                "inventory-service",
                &Method::POST,
                "/inventory/reservations",
            )
        };
        assert!(reserve(ORDER));
        for other in [
            GATEWAY,
            "product-service",
            "inventory-service",
            "frontend",
            "",
        ] {
            assert!(!reserve(other), "{other}");
        }
    }

    #[test]
    fn a_head_is_a_get_and_what_is_not_in_the_table_is_closed() {
        assert!(may_call(GATEWAY, "order-service", &Method::HEAD, "/orders"));
        assert!(!may_call(
            GATEWAY,
            "order-service",
            &Method::DELETE,
            "/orders"
        ));
        assert!(!may_call(GATEWAY, "order-service", &Method::GET, "/admin"));
    }

    /// What the gateway may ask for is what it offers, which its OpenAPI document describes.
    #[test]
    fn the_gateway_may_ask_for_what_it_offers_and_nothing_else() {
        let offered = endpoints::ALL.iter().map(|endpoint| {
            let service = match endpoint.upstream {
                Upstream::Product => "product-service",
                Upstream::Inventory => "inventory-service",
                Upstream::Order => "order-service",
            };
            format!(
                "{service}: {} {}",
                endpoint.method,
                endpoint.upstream_path()
            )
        });
        let allowed = CALLS.iter().filter(|call| call.callers.contains(&GATEWAY));
        let allowed =
            allowed.map(|call| format!("{}: {} {}", call.service, call.method, call.route));
        let (mut offered, mut allowed): (Vec<_>, Vec<_>) = (offered.collect(), allowed.collect());
        offered.sort();
        allowed.sort();
        assert_eq!(offered, allowed);
    }
}
