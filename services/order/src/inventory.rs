//! What the order service asks the inventory service.

use std::time::{Duration, Instant};

use api::{Availability, NewReservation, Problem, ProductId, Quantity, StockCheck};
use client::{Answer, Peer, PeerError, Route};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use opentelemetry_sdk::trace::SdkTracer;
use telemetry::traces::in_span;

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

const CHECK: Route = Route::new(Method::POST, "/inventory/check");
const RESERVE: Route = Route::new(Method::POST, "/inventory/reservations");

/// The inventory service.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    peer: Peer,
    tracer: SdkTracer,
}

/// What became of the wish to reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// The pieces are the order's.
    Done,
    /// The shelf held only so many; nothing is reserved.
    Short(u32),
}

impl Inventory {
    pub(crate) const fn new(peer: Peer, tracer: SdkTracer) -> Self {
        Self { peer, tracer }
    }

    /// How many pieces were on the shelf just now, when they do not suffice. A product without
    /// a shelf has none.
    pub(crate) async fn check(
        &self,
        product_id: &ProductId,
        quantity: Quantity,
    ) -> Result<Result<(), u32>, PeerError> {
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
                    let stock = availability.current_stock.get();
                    Ok(if availability.available {
                        Ok(())
                    } else {
                        Err(stock)
                    })
                }
                StatusCode::NOT_FOUND => Ok(Err(0)),
                _ => Err(answer.unexpected()),
            }
        })
        .await
    }

    /// Reserves, and tries again while the outcome is unknown and there is time: the order's id
    /// makes a repetition harmless.
    pub(crate) async fn reserve(&self, wish: &NewReservation) -> Result<Reserved, PeerError> {
        let deadline = Instant::now() + RESERVE_BOUND;
        in_span(&self.tracer, "update_inventory", vec![], async |_| {
            let mut pauses = RESERVE_PAUSES.iter();
            let mut resend_count = 0;
            loop {
                let error = match self.attempt(wish, resend_count).await {
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
                    order_id = %wish.order_id,
                    pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    cause = error.chain(),
                    "the reservation of order {} is tried again: {error}",
                    wish.order_id
                );
                tokio::time::sleep(*pause).await;
                resend_count += 1;
            }
        })
        .await
    }

    /// One attempt to reserve.
    pub(crate) async fn try_reserve(&self, wish: &NewReservation) -> Result<Reserved, PeerError> {
        self.attempt(wish, 0).await
    }

    async fn attempt(
        &self,
        wish: &NewReservation,
        resend_count: u32,
    ) -> Result<Reserved, PeerError> {
        let path = PathAndQuery::from_static("/inventory/reservations");
        let answer = self
            .peer
            .call_again(resend_count, RESERVE, path, Some(wish), RESERVE_TIMEOUT)
            .await?;
        match answer.status {
            StatusCode::CREATED => Ok(Reserved::Done),
            StatusCode::CONFLICT => stock_of(&answer).map(Reserved::Short),
            StatusCode::NOT_FOUND => Ok(Reserved::Short(0)),
            _ => Err(answer.unexpected()),
        }
    }
}

/// The stock that a 409 tells. One that tells none means that the order has given its
/// reservation back: it holds nothing either.
fn stock_of(answer: &Answer) -> Result<u32, PeerError> {
    let problem: Problem = answer.json()?;
    Ok(problem.current_stock.unwrap_or(0))
}
