//! The method of a request, in words that no client can choose.

use http::Method;

/// A method that no RFC defines.
pub(super) const OTHER: &str = "_OTHER";

/// The method in metrics, logs and spans: one that RFC 9110 or RFC 5789 defines, or `_OTHER`
/// (semantic conventions, `http.request.method`).
pub(super) fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => OTHER,
    }
}
