//! What is asked of the back ends of metrics: JSON, within bounds.

use std::time::Duration;

use api::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use client::{Forward, Peer, Route};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;

/// Prometheus answers a range of the page within some tens of milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of an answer; a quarter of an hour of five services has some 20 KiB.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// The JSON at a path, with the parameters of a query.
pub(crate) async fn get<T: DeserializeOwned>(
    peer: &Peer,
    path: &'static str,
    parameters: &str,
) -> Result<T, Problem> {
    let forward = Forward {
        route: Route::new(Method::GET, path),
        path: PathAndQuery::try_from(format!("{path}?{parameters}"))
            .map_err(|error| Problem::internal().caused_by(&error))?,
        timeout: TIMEOUT,
        via: crate::SERVICE.name,
    };
    let response = peer.forward(forward, Request::new(Body::empty())).await?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(unreadable(&format!("{path} answered {status}")));
    }
    let body = to_bytes(response.into_body(), ANSWER_LIMIT)
        .await
        .map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&body).map_err(|error| unreadable(&error))
}

fn unreadable(cause: &impl ToString) -> Problem {
    Problem::unavailable("Metrics cannot be read now.", 5).caused_by(cause)
}
