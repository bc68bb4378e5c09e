//! The route that a fault is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A method and the template of a route, such as `GET /products/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FaultRoute {
    method: String,
    template: String,
}

/// The text is no route.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a route: a method and the template of a path, such as \"GET /products/{{id}}\""
)]
pub struct InvalidRoute(String);

impl FaultRoute {
    /// Whether a request of this method and template is of this route.
    pub fn matches(&self, method: &str, template: &str) -> bool {
        self.method == method && self.template == template
    }
}

impl TryFrom<String> for FaultRoute {
    type Error = InvalidRoute;

    fn try_from(text: String) -> Result<Self, InvalidRoute> {
        match text.split_once(' ') {
            Some((method, template))
                if !method.is_empty()
                    && method.bytes().all(|byte| byte.is_ascii_uppercase())
                    && template.starts_with('/')
                    && template.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Ok(Self {
                    method: method.to_owned(),
                    template: template.to_owned(),
                })
            }
            _ => Err(InvalidRoute(text)),
        }
    }
}

impl From<FaultRoute> for String {
    fn from(route: FaultRoute) -> Self {
        route.to_string()
    }
}

impl fmt::Display for FaultRoute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_method_and_a_template() {
        let route = FaultRoute::try_from("GET /products/{id}".to_owned()).unwrap();
        assert!(route.matches("GET", "/products/{id}"));
        assert!(!route.matches("POST", "/products/{id}"));
        assert!(!route.matches("GET", "/products/product1"));
        for text in [
            "",
            "GET",
            "/products",
            "get /products",
            "GET products",
            "GET /a b",
        ] {
            assert!(FaultRoute::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
