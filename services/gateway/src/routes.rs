//! The routes of the gateway, made from the table of [`endpoints`].

use std::sync::Arc;
use std::time::Duration;

use access::{Gate, IssuerUrl};
use api::endpoints::{self, Endpoint, Upstream};
use api::{Person, Problem, ProductId};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, any, get, on};
use axum::{RequestExt, Router};
use client::{Forward, Peer, Route, remove_headers_of_this_hop};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, header};

use crate::{document, problems};

/// How long a service may take. An order's own bounds add up to seven seconds; a client that waits
/// longer than ten has gone away.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What follows `/inventory/` in paths that inventory offers only to the other services. They are
/// never ids of products, however they are written.
const INTERNAL: [&str; 2] = ["check", "reservations"];

/// The services behind the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    pub(crate) product: Peer,
    pub(crate) inventory: Peer,
    pub(crate) order: Peer,
}

/// What the routes need.
#[derive(Debug)]
struct Gateway {
    peers: Peers,
    /// Where people sign in.
    gate: Option<Gate>,
}

pub(crate) fn router(peers: Peers, gate: Option<(Gate, IssuerUrl)>) -> Router {
    let (gate, issuer) = gate.unzip();
    let document = document::openapi(issuer.as_ref())
        .to_json()
        .expect("the document is plain data");
    let document = async move || ([(header::CONTENT_TYPE, "application/json")], document);
    let mut router = Router::new()
        .route(endpoints::DOCUMENT, get(document))
        .route(endpoints::PROBLEM_PAGE, get(problems::page));
    for name in INTERNAL {
        let path = format!("/api/inventory/{name}");
        router = router.route(&path, any(async || Problem::unknown_path()));
    }
    for endpoint in endpoints::ALL {
        let filter = MethodFilter::try_from(endpoint.method.clone()).expect("a standard method");
        let forward = async move |State(gateway): State<Arc<Gateway>>, request: Request| {
            forward(&gateway, endpoint, request).await
        };
        router = router.route(endpoint.path, on(filter, forward));
    }
    // Each layer around a route clones it with its state, for every request.
    router.with_state(Arc::new(Gateway { peers, gate }))
}

async fn forward(
    Gateway { peers, gate }: &Gateway,
    endpoint: &Endpoint,
    mut request: Request,
) -> Result<Response, Problem> {
    let peer = match endpoint.upstream {
        Upstream::Product => &peers.product,
        Upstream::Inventory => &peers.inventory,
        Upstream::Order => &peers.order,
    };
    admit(gate.as_ref(), endpoint, request.headers_mut()).await?;
    let forward = Forward {
        // Not the table's method: HEAD follows GET.
        route: Route::new(request.method().clone(), endpoint.upstream_path()),
        path: upstream_path(endpoint, &mut request).await?,
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    let mut response = peer.forward(forward, request).await?;
    for (name, start) in [(header::LOCATION, "/"), (header::LINK, "</")] {
        if let Some(value) = response.headers_mut().get_mut(name) {
            *value = prefixed(value, start);
        }
    }
    Ok(response.into_response())
}

/// Looks whether the sender may use the endpoint, and names who it is to the service. What the client
/// says of that itself ends here, and so does its token: the services behind have no use for it.
async fn admit(
    gate: Option<&Gate>,
    endpoint: &Endpoint,
    headers: &mut HeaderMap,
) -> Result<(), Problem> {
    headers.remove(Person::HEADER);
    if let Some(gate) = gate {
        let person = gate.admit(endpoint.access, headers).await?;
        // Or `Connection: x-person` would take the name away again.
        remove_headers_of_this_hop(headers);
        headers.remove(header::AUTHORIZATION);
        headers.remove(header::COOKIE);
        headers.extend(person.map(|person| (Person::HEADER, person.header_value())));
    }
    Ok(())
}

/// The path at the service. It is built from a parsed id, never from the client's text, so that
/// no trick with dots, slashes or escapes leads anywhere else.
async fn upstream_path(
    endpoint: &Endpoint,
    request: &mut Request,
) -> Result<PathAndQuery, Problem> {
    let mut path = endpoint.upstream_path().to_owned();
    if endpoint.has_id() {
        let text = request.extract_parts::<Path<String>>().await;
        let id = text
            .ok()
            .and_then(|Path(text)| text.parse::<ProductId>().ok())
            .filter(|id| {
                endpoint.upstream != Upstream::Inventory || !INTERNAL.contains(&id.as_str())
            });
        path = path.replace("{id}", id.ok_or_else(Problem::unknown_path)?.as_str());
    }
    if endpoint.paged
        && let Some(query) = request.uri().query()
    {
        path = format!("{path}?{query}");
    }
    PathAndQuery::try_from(path).map_err(|_| Problem::unknown_path())
}

/// A path of a service, after `start`, as a path of the gateway.
fn prefixed(value: &HeaderValue, start: &str) -> HeaderValue {
    let path = value
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix(start));
    path.and_then(|path| HeaderValue::try_from(format!("{start}api/{path}")).ok())
        .unwrap_or_else(|| value.clone())
}
