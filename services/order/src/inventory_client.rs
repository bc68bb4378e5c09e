//! The client of the inventory service.

use std::time::Duration;

use api::{Availability, NewReservation, Problem, ProductId, Quantity, StockCheck};
use client::{Answer, Peer, PeerError, Route};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use opentelemetry_sdk::trace::SdkTracer;
use telemetry::traces::in_span;
use tokio::time::Instant;

/// A check takes a millisecond; see the same bound of the product service.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an order waits to learn whether its stock is reserved. After that the client gets
/// 202, and the order is settled in the background.
const RESERVE_BOUND: Duration = Duration::from_secs(3);

/// One attempt: long enough for a disk that stutters, short enough for a second one.
const RESERVE_TIMEOUT: Duration = Duration::from_millis(1500);

/// The pauses between attempts: the first bridges a connection that broke, the last a restart.
const RESERVE_PAUSES: [Duration; 4] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(1),
];

/// A question, although by POST.
const CHECK: Route = Route::new(Method::POST, "/inventory/check").repeatable();
const RESERVE: Route = Route::new(Method::POST, "/inventory/reservations");

/// A client of the inventory service.
#[derive(Clone, Debug)]
pub(crate) struct InventoryClient {
    peer: Peer,
    tracer: SdkTracer,
}

/// Whether there were enough pieces in stock, promised to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stocked {
    /// As many as wanted.
    Enough,
    /// Only so many.
    Short(u32),
}

/// What became of a request to reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// The pieces are the order's.
    Done,
    /// Only so many were in stock; nothing is reserved.
    Short(u32),
}

/// Why it is not known whether pieces are reserved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReserveError {
    /// Inventory did not answer, or answered that it cannot now: every order would fail as well.
    #[error(transparent)]
    NoAnswer(PeerError),
    /// Inventory answered what the contract does not know: the trouble may be with this order.
    #[error(transparent)]
    Unexpected(PeerError),
}

impl ReserveError {
    /// The error with all its causes, for a log.
    pub(crate) fn chain(&self) -> String {
        match self {
            Self::NoAnswer(error) | Self::Unexpected(error) => error.chain(),
        }
    }
}

impl InventoryClient {
    pub(crate) const fn new(peer: Peer, tracer: SdkTracer) -> Self {
        Self { peer, tracer }
    }

    /// Whether there are enough pieces in stock now. Of a product that inventory does not know
    /// there are none.
    pub(crate) async fn check(
        &self,
        product_id: &ProductId,
        quantity: Quantity,
    ) -> Result<Stocked, PeerError> {
        let question = StockCheck {
            product_id: product_id.clone(),
            quantity,
        };
        let path = PathAndQuery::from_static("/inventory/check");
        in_span(&self.tracer, "check_inventory", vec![], async |_| {
            let answer = self
                .peer
                .call(CHECK, path, Some(&question), CHECK_TIMEOUT)
                .await?;
            match answer.status {
                StatusCode::OK => {
                    let availability: Availability = answer.json()?;
                    Ok(if availability.available {
                        Stocked::Enough
                    } else {
                        Stocked::Short(availability.current_stock.get())
                    })
                }
                StatusCode::NOT_FOUND => Ok(Stocked::Short(0)),
                _ => Err(answer.unexpected()),
            }
        })
        .await
    }

    /// Reserves, and tries again while the outcome is unknown and there is time: the order's id
    /// makes a repetition harmless.
    pub(crate) async fn reserve(&self, new: &NewReservation) -> Result<Reserved, ReserveError> {
        let deadline = Instant::now() + RESERVE_BOUND;
        in_span(&self.tracer, "update_inventory", vec![], async |_| {
            let mut pauses = RESERVE_PAUSES.iter();
            let mut resend_count = 0;
            loop {
                let error = match self.attempt(new, resend_count).await {
                    Ok(reserved) => return Ok(reserved),
                    Err(error) => error,
                };
                let Some(pause) = pauses
                    .next()
                    .filter(|pause| Instant::now() + **pause < deadline)
                else {
                    return Err(error);
                };
                tracing::warn!(
                    order_id = %new.order_id,
                    pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    cause = error.chain(),
                    "the reservation of order {} is tried again: {error}",
                    new.order_id
                );
                tokio::time::sleep(*pause).await;
                resend_count += 1;
            }
        })
        .await
    }

    /// One attempt to reserve, after `resend_count` others.
    pub(crate) async fn attempt(
        &self,
        new: &NewReservation,
        resend_count: u32,
    ) -> Result<Reserved, ReserveError> {
        let path = PathAndQuery::from_static("/inventory/reservations");
        let answer = self
            .peer
            .call_again(resend_count, RESERVE, path, Some(new), RESERVE_TIMEOUT)
            .await
            .map_err(ReserveError::NoAnswer)?;
        match answer.status {
            StatusCode::CREATED => Ok(Reserved::Done),
            StatusCode::CONFLICT => current_stock(&answer).map(Reserved::Short),
            StatusCode::NOT_FOUND => Ok(Reserved::Short(0)),
            // Its store is full, or something in between says so on its behalf.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(ReserveError::NoAnswer(answer.unexpected())),
            _ => Err(ReserveError::Unexpected(answer.unexpected())),
        }
    }
}

/// The stock that a 409 states. One that states none means that the order has given its
/// reservation back: it holds nothing either.
fn current_stock(answer: &Answer) -> Result<u32, ReserveError> {
    let problem: Problem = answer.json().map_err(ReserveError::Unexpected)?;
    Ok(problem.current_stock.unwrap_or(0))
}
