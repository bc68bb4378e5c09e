//! Exactly one `Host` in each request (RFC 9112 section 3.2), so that a proxy between a client and
//! us cannot read another request than we do.

use axum::extract::Request;
use http::{Version, header};

/// Not of an HTTP/1.1 request without `Host`, nor of any with several.
pub(crate) fn has_one_host(request: &Request) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let may_lack = request.version() < Version::HTTP_11;
    hosts == 1 || (hosts == 0 && may_lack)
}
