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
    /// Whether a repetition does no harm although the method does not say so.
    is_repeatable: bool,
}

impl Route {
    /// A route.
    pub const fn new(method: Method, template: &'static str) -> Self {
        Self {
            method,
            template,
            is_repeatable: false,
        }
    }

    /// The same, of which a repetition does no harm: a question that is asked by POST, or a request whose
    /// repetition the peer recognises.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// Whether it may be sent again when the peer may have acted on it. A method that is safe says so (RFC
    /// 9110 section 9.2.1). One that is only idempotent does not: a stock that is set again a moment later
    /// undoes the orders in between.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.is_repeatable || self.method.is_safe()
    }

    /// The method in span names and labels.
    pub(crate) const fn method_name(&self) -> &'static str {
        method_name(&self.method)
    }
}
