//! What is asked of a peer, as telemetry names it.

use http::Method;
use telemetry::protocol::method_name;

/// What is asked of a peer, in words that no client can choose.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The template of the path, for span names and labels: `/products/{id}`.
    pub template: &'static str,
}

impl Route {
    /// A route.
    pub const fn new(method: Method, template: &'static str) -> Self {
        Self { method, template }
    }

    /// The method in span names and labels.
    pub(crate) const fn method_name(&self) -> &'static str {
        method_name(&self.method)
    }
}
