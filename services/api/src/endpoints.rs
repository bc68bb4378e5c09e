//! What the gateway offers: the method and path of each operation, the service that answers it, and
//! who may use it.
//!
//! The gateway routes by this table and describes it in its OpenAPI document; the frontend takes
//! from it the names of the routes that it forwards.

use http::Method;

use crate::Role;

/// The path of the OpenAPI document.
pub const DOCUMENT: &str = "/api/openapi.json";

/// The template of the pages that explain the kinds of problem ([`ProblemKind::uri`]).
///
/// [`ProblemKind::uri`]: crate::ProblemKind::uri
pub const PROBLEM_PAGE: &str = "/api/problems/{kind}";

/// What the gateway puts before the paths of the services.
const PREFIX: &str = "/api";

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The product service.
    Product,
    /// The inventory service.
    Inventory,
    /// The order service.
    Order,
}

/// Who may use an endpoint where people sign in. Without an issuer, everybody may use all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Everybody,
    /// Customers, who meet only what is theirs, and operators, who meet all.
    Customers,
    /// Operators.
    Operators,
}

impl Access {
    /// Whether people of this role may use it.
    pub const fn allows(self, role: Role) -> bool {
        match self {
            Self::Everybody | Self::Customers => true,
            Self::Operators => matches!(role, Role::Operator),
        }
    }
}

/// One operation on one path.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name, unique among all.
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The template of the path at the gateway. `{id}` is its only parameter.
    pub path: &'static str,
    /// Who answers it.
    pub upstream: Upstream,
    /// Who may use it.
    pub access: Access,
    /// Whether the query says which page of a list is wanted.
    pub paged: bool,
}

impl Endpoint {
    const fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        upstream: Upstream,
        access: Access,
    ) -> Self {
        Self {
            name,
            method,
            path,
            upstream,
            access,
            paged: false,
        }
    }

    const fn paged(mut self) -> Self {
        self.paged = true;
        self
    }

    /// The template of the path at the service.
    pub fn upstream_path(&self) -> &'static str {
        self.path.strip_prefix(PREFIX).unwrap_or(self.path)
    }

    /// Whether the path names one thing by its id.
    pub fn has_id(&self) -> bool {
        self.path.ends_with("/{id}")
    }
}

/// All products.
pub static LIST_PRODUCTS: Endpoint = Endpoint::new(
    "listProducts",
    Method::GET,
    "/api/products",
    Upstream::Product,
    Access::Everybody,
);

/// One product.
pub static GET_PRODUCT: Endpoint = Endpoint::new(
    "getProduct",
    Method::GET,
    "/api/products/{id}",
    Upstream::Product,
    Access::Everybody,
);

/// Adds a product.
pub static ADD_PRODUCT: Endpoint = Endpoint::new(
    "addProduct",
    Method::POST,
    "/api/products",
    Upstream::Product,
    Access::Operators,
);

/// The stock of all products.
pub static LIST_STOCK: Endpoint = Endpoint::new(
    "listStock",
    Method::GET,
    "/api/inventory",
    Upstream::Inventory,
    Access::Everybody,
);

/// The stock of one product.
pub static GET_STOCK: Endpoint = Endpoint::new(
    "getStock",
    Method::GET,
    "/api/inventory/{id}",
    Upstream::Inventory,
    Access::Everybody,
);

/// Sets the stock of one product.
pub static SET_STOCK: Endpoint = Endpoint::new(
    "setStock",
    Method::PUT,
    "/api/inventory/{id}",
    Upstream::Inventory,
    Access::Operators,
);

/// A page of orders.
pub static LIST_ORDERS: Endpoint = Endpoint::new(
    "listOrders",
    Method::GET,
    "/api/orders",
    Upstream::Order,
    Access::Customers,
)
.paged();

/// One order.
pub static GET_ORDER: Endpoint = Endpoint::new(
    "getOrder",
    Method::GET,
    "/api/orders/{id}",
    Upstream::Order,
    Access::Customers,
);

/// Makes an order.
pub static CREATE_ORDER: Endpoint = Endpoint::new(
    "createOrder",
    Method::POST,
    "/api/orders",
    Upstream::Order,
    Access::Customers,
);

/// Every endpoint.
pub static ALL: [&Endpoint; 9] = [
    &LIST_PRODUCTS,
    &GET_PRODUCT,
    &ADD_PRODUCT,
    &LIST_STOCK,
    &GET_STOCK,
    &SET_STOCK,
    &LIST_ORDERS,
    &GET_ORDER,
    &CREATE_ORDER,
];

/// The template of every path under `/api` that the gateway serves, each once.
pub fn paths() -> impl Iterator<Item = &'static str> {
    let mut paths = vec![DOCUMENT, PROBLEM_PAGE];
    paths.extend(ALL.iter().map(|endpoint| endpoint.path));
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_serves_the_path_without_the_prefix() {
        assert_eq!(GET_ORDER.upstream_path(), "/orders/{id}");
        assert!(ALL.iter().all(|e| e.path.starts_with("/api/")));
    }

    #[test]
    fn whatever_changes_the_shop_asks_for_an_operator_and_an_order_for_a_customer() {
        for endpoint in ALL {
            let expected = match (endpoint.upstream, &endpoint.method) {
                (Upstream::Order, _) => Access::Customers,
                (_, &Method::GET) => Access::Everybody,
                _ => Access::Operators,
            };
            assert_eq!(endpoint.access, expected, "{}", endpoint.name);
        }
    }

    #[test]
    fn each_path_is_listed_once() {
        let paths: Vec<_> = paths().collect();
        assert_eq!(paths.len(), 8, "{paths:?}");
    }
}
