//! The names of HTTP's methods and versions in metrics, logs and spans.

use http::{Method, Version};

/// A method that no RFC defines.
pub const OTHER_METHOD: &str = "_OTHER";

/// A method that RFC 9110 or RFC 5789 defines, or [`OTHER_METHOD`], so that no client can choose
/// the name (semantic conventions, `http.request.method`).
pub const fn method_name(method: &Method) -> &'static str {
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
        _ => OTHER_METHOD,
    }
}

/// The version (semantic conventions, `network.protocol.version`).
pub const fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
