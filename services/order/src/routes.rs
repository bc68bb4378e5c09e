//! The routes of the order service.

use std::sync::Arc;

use api::{IdempotencyKey, NewOrder, Order, OrderId, Problem, ProblemKind};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use deadline::Deadline;
use http::{HeaderMap, StatusCode, header};
use opentelemetry::Context;
use serde::Deserialize;
use server::{IdPath, JsonBody};
use telemetry::traces::FutureExt;

use crate::flow::{OrderFlow, Placed};
use crate::ledger::Entry;
use crate::sender::Sender;

/// The length of a page unless the client asks for another: what a screen shows.
const PAGE: u32 = 50;

/// The longest page: what a script may ask for at once without holding the reader for long.
const LONGEST_PAGE: u32 = 500;

pub(crate) fn router(flow: Arc<OrderFlow>) -> Router {
    Router::new()
        .route("/orders", get(list).post(create))
        .route("/orders/{id}", get(one))
        .with_state(flow)
}

async fn create(
    State(flow): State<Arc<OrderFlow>>,
    sender: Sender,
    headers: HeaderMap,
    JsonBody(new): JsonBody<NewOrder>,
) -> Result<Response, Problem> {
    let key = IdempotencyKey::from_headers(&headers)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    // The flow runs to its end even if the client goes away, or the time of the request is over.
    let deadline = Deadline::current();
    let placing = async move { flow.create(new, key, sender.owner(), deadline).await };
    let placed = tokio::spawn(placing.with_context(Context::current()))
        .await
        .map_err(|error| Problem::internal().caused_by(&error))?;
    let (status, entry) = match placed? {
        Placed::Created(entry) => (StatusCode::CREATED, entry),
        Placed::Pending(entry) => (StatusCode::ACCEPTED, entry),
    };
    let order = entry.order();
    let location = format!("/orders/{}", order.id);
    Ok((status, [(header::LOCATION, location)], Json(order)).into_response())
}

async fn one(
    State(flow): State<Arc<OrderFlow>>,
    sender: Sender,
    IdPath(id): IdPath<OrderId>,
) -> Result<Json<Order>, Problem> {
    let entry = flow.ledger.get(id).await?;
    // Another's order is answered like none: whether there is one is theirs to know.
    entry
        .filter(|entry| sender.sees(entry))
        .map(|entry| Json(entry.order()))
        .ok_or_else(|| Problem::new(ProblemKind::OrderNotFound, "There is no order of this id."))
}

#[derive(Debug, Deserialize)]
struct PageQuery {
    limit: Option<u32>,
    after: Option<String>,
}

async fn list(
    State(flow): State<Arc<OrderFlow>>,
    sender: Sender,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let bad_limit =
        || Problem::bad_request(format!("limit is a whole number from 1 to {LONGEST_PAGE}."));
    let Query(query) = query.map_err(|_| bad_limit())?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(bad_limit());
    }
    let bad_after = || Problem::bad_request("after is the id of an order; there is none.");
    let after = query
        .after
        .map(|id| id.parse())
        .transpose()
        .map_err(|_| bad_after())?;
    let page = flow.ledger.page(sender.sees_only(), limit, after).await?;
    let page = page.ok_or_else(bad_after)?;
    let next = page.entries.last().filter(|_| page.more).map(|last| {
        // With its path, for clients that only put a host before it; the gateway adds its prefix.
        let id = &last.id;
        format!("</orders?limit={limit}&after={id}>; rel=\"next\"")
    });
    let orders: Vec<Order> = page.entries.into_iter().map(Entry::order).collect();
    let mut response = Json(orders).into_response();
    let link = next.and_then(|link| link.parse().ok());
    response
        .headers_mut()
        .extend(link.map(|link| (header::LINK, link)));
    Ok(response)
}
