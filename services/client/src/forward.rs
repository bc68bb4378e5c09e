//! Handing a request on to a peer and its answer back, byte by byte as they come.
//!
//! Bodies are never gathered here. Headers that belong to one connection stay with it (RFC 9110
//! section 7.6.1), the ids are the current request's, and a body is cut off at
//! [`Problem::BODY_LIMIT`].

use std::time::Duration;

use api::Problem;
use axum::body::Body;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Request, Response, header};
use http_body::Body as _;

use crate::{Peer, PeerError, Route};

/// When to try again, in seconds, after a peer was down: longer than its circuit stays open,
/// about as long as a restart takes.
const RETRY_AFTER: u16 = 2;

/// Headers of one connection (RFC 9110 section 7.6.1), and those that this hop makes itself.
const OF_THIS_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// A request to be handed on.
#[derive(Debug)]
pub struct Forward {
    /// What it is, for telemetry.
    pub route: Route,
    /// Where it goes at the peer.
    pub path: PathAndQuery,
    /// How long the peer may take, to the last byte of its answer.
    pub timeout: Duration,
}

impl Peer {
    /// Hands `request` on. The problem that comes back in its place tells the client what it can
    /// know, and the log the rest.
    pub async fn forward(
        &self,
        forward: Forward,
        request: Request<Body>,
    ) -> Result<Response<Body>, Problem> {
        let (head, body) = request.into_parts();
        let limit = u64::try_from(Problem::BODY_LIMIT).unwrap_or(u64::MAX);
        if body.size_hint().lower() > limit {
            return Err(Problem::payload_too_large());
        }
        let mut headers = head.headers;
        remove_headers_of_this_hop(&mut headers);
        headers.remove(header::HOST);
        // What of these is well formed is in the context, and is sent from there.
        for name in ["traceparent", "tracestate", "baggage", "x-request-id"] {
            headers.remove(name);
        }
        let outcome = self
            .send(forward.route, forward.path, headers, body, forward.timeout)
            .await;
        let mut response = outcome.map_err(|error| problem(&error))?;
        remove_headers_of_this_hop(response.headers_mut());
        Ok(response)
    }
}

/// What a client is told when a peer gives no answer: 503 when it is down, 504 when it is too
/// slow, 500 when it breaks the contract.
pub fn problem(error: &PeerError) -> Problem {
    let cause = error.chain();
    let peer = error.peer();
    match error {
        PeerError::CircuitOpen { .. } | PeerError::Unreachable { .. } => Problem::unavailable(
            format!("The {peer} service is down. Try again in a moment."),
            RETRY_AFTER,
        ),
        PeerError::Timeout { .. } => {
            Problem::gateway_timeout(format!("The {peer} service did not answer in time."))
        }
        // The client's own doing: it is told, and nobody has to look at the log.
        PeerError::RequestTooLarge { .. } => return Problem::payload_too_large(),
        PeerError::RequestTooSlow { .. } => return Problem::request_timeout(),
        PeerError::RequestBroken { .. } => {
            return Problem::bad_request("The body broke off before its end.");
        }
        PeerError::Unexpected { .. } => Problem::internal(),
    }
    .caused_by(&cause)
}

fn remove_headers_of_this_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in OF_THIS_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}
