//! Passing a request on to a peer and its answer back, byte by byte as they come.
//!
//! Bodies are never gathered here. Headers that belong to one connection stay with it (RFC 9110
//! section 7.6.1), the ids are the current request's, and a body is cut off at
//! [`Problem::BODY_LIMIT`].

use std::time::Duration;

use api::{IdempotencyKey, Problem, ProblemKind};
use axum::body::Body;
use deadline::Deadline;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Request, Response, header};
use http_body::Body as _;
use telemetry::RequestId;

use crate::peer::Call;
use crate::problem::Asked;
use crate::{Peer, Route, via};

/// Headers of one connection (RFC 9110 section 7.6.1), and those that this hop makes itself.
static OF_THIS_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// Headers that go on as the current request has them, and never as its client sent them: what was
/// malformed or too long is gone, and must not slip through here.
static OF_THE_CONTEXT: [HeaderName; 5] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
    HeaderName::from_static(RequestId::HEADER),
    Deadline::HEADER,
];

/// A request to be passed on.
#[derive(Debug)]
pub struct Forward {
    /// What it is, for telemetry.
    pub route: Route,
    /// Where it goes at the peer.
    pub path: PathAndQuery,
    /// How long the peer may take, to the last byte of its answer.
    pub timeout: Duration,
    /// The name under which this service stands in `Via` (RFC 9110 section 7.6.3).
    pub via: &'static str,
}

impl Peer {
    /// Passes `request` on. The problem that comes back in its place says what the client can
    /// know, and the log has the rest. A request that this service has passed on before is not passed
    /// on again.
    pub fn forward(
        &self,
        forward: Forward,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Body>, Problem>> {
        let via = forward.via;
        // Before the future begins, as in `send`.
        let sent = self
            .call_of(forward, request)
            .map(|(asked, call)| (asked, self.send(call)));
        async move {
            let (asked, outcome) = sent.map_err(|problem| *problem)?;
            let response = outcome.await.map_err(|error| asked.problem(&error))?;
            let version = response.version();
            let mut response = response.map(Body::new);
            remove_headers_of_this_hop(response.headers_mut());
            via::append(response.headers_mut(), version, via);
            Ok(response)
        }
    }

    /// The request that goes on, and what has to be known of it for a problem.
    fn call_of(
        &self,
        forward: Forward,
        request: Request<Body>,
    ) -> Result<(Asked, Call), Box<Problem>> {
        let (head, body) = request.into_parts();
        let limit = u64::try_from(Problem::BODY_LIMIT).unwrap_or(u64::MAX);
        if body.size_hint().lower() > limit {
            return Err(Box::new(Problem::payload_too_large()));
        }
        let mut headers = head.headers;
        if via::names(&headers, forward.via) {
            return Err(Box::new(loop_detected(forward.via, self.name())));
        }
        let asked = Asked {
            method: forward.route.method.clone(),
            has_key: headers.contains_key(IdempotencyKey::HEADER),
        };
        remove_headers_of_this_hop(&mut headers);
        remove(&mut headers, |name| {
            OF_THE_CONTEXT.contains(name) || name == header::HOST
        });
        via::append(&mut headers, head.version, forward.via);
        let route = forward.route;
        let is_known_again =
            asked.has_key && IdempotencyKey::is_known_to(&route.method, route.template);
        // What is kept for a second time costs each request a little, so only where that is of use.
        let may_be_repeated =
            self.balancer.has_several() && (is_known_again || route.may_be_repeated());
        let call = Call {
            route,
            resend_count: 0,
            path: forward.path,
            headers,
            body,
            timeout: forward.timeout,
            may_be_repeated,
        };
        Ok((asked, call))
    }
}

fn loop_detected(via: &str, peer: &str) -> Problem {
    Problem::new(
        ProblemKind::LoopDetected,
        format!(
            "The request has passed {via} before: an address in the configuration of the shop \
             leads back to it."
        ),
    )
    .caused_by(&format!(
        "the Via header names {via}: the address of {peer} leads back here"
    ))
}

/// Removes the headers of one connection, and those that `Connection` names. Whoever adds a header that
/// the sender must not take away does this before: [`Peer::forward`] would remove it by the sender's word.
pub fn remove_headers_of_this_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    remove(headers, |name| OF_THIS_HOP.contains(name));
    for name in named {
        headers.remove(name);
    }
}

/// Removes the headers of the names that `is_removed` knows. A message has few headers, so it is quicker to
/// look at each than to ask for each that may be there.
fn remove(headers: &mut HeaderMap, is_removed: impl Fn(&HeaderName) -> bool) {
    let names = headers.keys().filter(|name| is_removed(name));
    let names: Vec<HeaderName> = names.cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
