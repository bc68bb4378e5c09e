//! Exactly one `Host` in each request (RFC 9112 section 3.2), so that a proxy between a client and
//! us cannot read another request than we do.

use api::Problem;
use axum::extract::Request;
use http::{Version, header};

/// 400 for an HTTP/1.1 request without `Host`, and for any with several.
pub(crate) fn one_host(request: &Request) -> Result<(), Problem> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let may_lack = request.version() < Version::HTTP_11;
    if hosts == 1 || (hosts == 0 && may_lack) {
        Ok(())
    } else {
        Err(Problem::bad_request(
            "A request has exactly one Host header.",
        ))
    }
}
