//! Settling what was left pending: after a crash, or while inventory was away.

use std::sync::Arc;
use std::time::Duration;

use client::PeerError;
use opentelemetry::KeyValue;
use telemetry::traces::{FutureExt, from_traceparent, in_span};

use crate::flow::{OrderFlow, reservation};
use crate::inventory::Reserved;
use crate::ledger::Entry;

/// How often is looked for pending orders: as soon as inventory is back, its orders should be.
/// The look itself reads an index that is empty in good times.
const INTERVAL: Duration = Duration::from_secs(1);

/// An order younger than this is still driven by its own request: longer than the bound of a
/// reservation there.
const AGE: Duration = Duration::from_secs(5);

/// How many are settled in a row before the next look.
const BATCH: u32 = 100;

/// Settles pending orders for ever.
pub(crate) async fn run(flow: Arc<OrderFlow>) {
    // What is pending at the start was left by a process that is gone: no request drives it.
    let mut age = Duration::ZERO;
    loop {
        let full = settle_some(&flow, age).await;
        age = AGE;
        if !full {
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// Whether there may be more to settle at once.
async fn settle_some(flow: &OrderFlow, age: Duration) -> bool {
    let pending = match flow.ledger.pending(age, BATCH).await {
        Ok(pending) => pending,
        Err(error) => {
            tracing::warn!(%error, "pending orders cannot be read: {error}");
            return false;
        }
    };
    let full = pending.len() == BATCH as usize;
    for entry in pending {
        if let Err(cause) = settle_one(flow, &entry).await {
            tracing::warn!(order_id = %entry.id, cause, "order {} is still pending: {cause}", entry.id);
            // Inventory is away, or the disk is full: the others would fare no better.
            return false;
        }
    }
    full
}

/// Goes on in the trace of the request that made the order.
async fn settle_one(flow: &OrderFlow, entry: &Entry) -> Result<(), String> {
    let attributes = vec![KeyValue::new("order.id", entry.id.to_string())];
    let settling = in_span(&flow.tracer, "settle_order", attributes, async |_| {
        let reserved: Result<Reserved, PeerError> =
            flow.inventory.try_reserve(&reservation(entry)).await;
        let reserved = reserved.map_err(|error| error.chain())?;
        flow.settle(entry, reserved)
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    });
    settling
        .with_context(from_traceparent(&entry.traceparent))
        .await
}
