//! The order service's part of the contract.

use std::sync::Arc;

use api::{IdempotencyKey, NewOrder, Order, OrderId, OrderStatus, Problem, ProblemKind};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use opentelemetry::Context;
use serde::Deserialize;
use server::{IdPath, JsonBody};
use telemetry::traces::FutureExt;

use crate::flow::OrderFlow;
use crate::ledger::Entry;

/// A page without a wish holds what a screen shows; the most is what a script may ask for at
/// once without holding the reader for long.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 500;

pub(crate) fn router(flow: Arc<OrderFlow>) -> Router {
    Router::new()
        .route("/orders", get(list).post(create))
        .route("/orders/{id}", get(one))
        .with_state(flow)
}

async fn create(
    State(flow): State<Arc<OrderFlow>>,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<NewOrder>,
) -> Result<Response, Problem> {
    let key = IdempotencyKey::from_headers(&headers)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    // A client that goes away must not leave the flow at half way: it runs to its end.
    let created = async move { flow.create(wish, key).await };
    let created = tokio::spawn(created.with_context(Context::current()))
        .await
        .map_err(|error| Problem::internal().caused_by(&error))?;
    let order = created?.order();
    let status = match order.status {
        OrderStatus::Pending => StatusCode::ACCEPTED,
        OrderStatus::Created | OrderStatus::Rejected => StatusCode::CREATED,
    };
    let location = format!("/orders/{}", order.id);
    Ok((status, [(header::LOCATION, location)], Json(order)).into_response())
}

async fn one(
    State(flow): State<Arc<OrderFlow>>,
    IdPath(id): IdPath<OrderId>,
) -> Result<Json<Order>, Problem> {
    let entry = flow.ledger.get(id).await?;
    entry
        .map(|entry| Json(entry.order()))
        .ok_or_else(|| Problem::new(ProblemKind::OrderNotFound, "There is no order of this id."))
}

#[derive(Debug, Deserialize)]
struct Page {
    limit: Option<u32>,
    after: Option<String>,
}

async fn list(
    State(flow): State<Arc<OrderFlow>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Response, Problem> {
    let limit_wanted =
        || Problem::bad_request(format!("limit is a whole number from 1 to {LONGEST_PAGE}."));
    let Query(page) = page.map_err(|_| limit_wanted())?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(limit_wanted());
    }
    let after_wanted = || Problem::bad_request("after is the id of an order; there is none.");
    let after = page
        .after
        .map(|id| id.parse())
        .transpose()
        .map_err(|_| after_wanted())?;
    // One more than asked for tells whether there is a next page.
    let page = flow.ledger.page(limit + 1, after).await?;
    let mut entries = page.map_err(|_| after_wanted())?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let last = entries.last().map(|entry| entry.id.clone());
    let orders: Vec<Order> = entries.into_iter().map(Entry::order).collect();
    let mut response = Json(orders).into_response();
    if let (true, Some(last)) = (more, last) {
        // With its path, for clients that only put a host before it; the gateway adds its prefix.
        let link = format!("</orders?limit={limit}&after={last}>; rel=\"next\"");
        response
            .headers_mut()
            .extend(link.parse().map(|link| (header::LINK, link)));
    }
    Ok(response)
}
