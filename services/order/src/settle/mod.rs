//! Settling what was left pending: after a crash, or while inventory was away.
//!
//! The [`Settler`] passes over the pending orders in their sequence ([`pass`]), leaves alone those
//! that a request drives ([`crate::driven`]), and tries many at once. An order that fails while
//! others are settled has pauses of its own ([`failing`]), so it holds none of them back; when all
//! fail, it is an outage ([`outage`]). What it keeps in memory is bounded, however many are pending.

mod backoff;
mod failing;
mod outage;
mod pass;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use store::StoreError;
use telemetry::traces::{FutureExt, from_traceparent, in_span};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use crate::flow::{OrderFlow, reservation};
use crate::inventory_client::ReserveError;
use crate::ledger::{Entry, Pending};
use crate::metrics::Attempt;
use failing::{Failed, FailingOrders};
use outage::{Outage, Tried, Turn};
use pass::{Next, Pass};

/// How often pending orders are looked for: an order waits no longer for its turn. The look reads
/// an index that is empty in good times.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many orders are tried at once. Each waits for two commits, of inventory and of this
/// service, which all that wait share: at some 10 ms for both, 64 are thousands of orders a
/// second, and few against the places that inventory has for connections.
const AT_ONCE: usize = 64;

/// How many failing orders are named in the log, so that a fault of inventory that meets every
/// order does not flood it.
const NAMED: usize = 16;

/// Settles pending orders in the background.
#[derive(Debug)]
pub(crate) struct Settler {
    flow: Arc<OrderFlow>,
    pass: Pass,
    failing: FailingOrders,
    outage: Outage,
    attempts: JoinSet<Result<(), Failure>>,
    under_way: HashMap<Id, Tried>,
    /// How many orders have failed since the last look that could not be remembered as failing.
    not_kept: usize,
}

/// Why an order is still pending.
#[derive(Debug)]
enum Failure {
    /// Nobody answered; any other order would have failed as well.
    NoAnswer(String),
    /// It has to do with this order.
    Order(String),
}

impl Settler {
    pub(crate) fn new(flow: Arc<OrderFlow>) -> Self {
        Self {
            flow,
            pass: Pass::default(),
            failing: FailingOrders::default(),
            outage: Outage::default(),
            attempts: JoinSet::new(),
            under_way: HashMap::new(),
            not_kept: 0,
        }
    }

    /// Runs until it is dropped. Attempts under way are dropped with it: the next process makes
    /// them again.
    pub(crate) async fn run(mut self) {
        let mut looks = tokio::time::interval(INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let probe = self.next_probe();
            tokio::select! {
                _ = looks.tick() => self.look(),
                Some(ended) = self.attempts.join_next_with_id() => self.ended(ended),
                () = tokio::time::sleep_until(probe.unwrap_or_else(Instant::now)),
                    if probe.is_some() => {}
            }
            self.begin_attempts().await;
        }
    }

    /// Whether another attempt may run beside those under way. When more orders fail than can be
    /// remembered, the others are tried only so many a second.
    fn has_room(&self) -> bool {
        self.attempts.len() < AT_ONCE && self.not_kept < AT_ONCE
    }

    /// When to probe next. Without room there is nothing to wake up for: the end of an attempt or
    /// the next look makes room, and a probe that is due then follows at once.
    fn next_probe(&self) -> Option<Instant> {
        self.outage.next_probe().filter(|_| self.has_room())
    }

    fn look(&mut self) {
        self.not_kept = 0;
        if self.pass.has_ended() {
            self.pass.restart();
        }
    }

    async fn begin_attempts(&mut self) {
        while self.has_room() && self.outage.admits() {
            if !self.outage.is_working() && self.pass.has_ended() {
                // The only pending order may be the one to probe with.
                self.pass.restart();
            }
            match self.next().await {
                Ok(Some(pending)) => self.begin(pending),
                Ok(None) => break,
                Err(error) => {
                    let cause = format!("pending orders cannot be read: {error}");
                    let turn = self.outage.unanswered(None, cause);
                    self.report(turn);
                    // The next look reads again.
                    break;
                }
            }
        }
    }

    /// The next order of the pass that can be tried now.
    async fn next(&mut self) -> Result<Option<Pending>, StoreError> {
        while !self.pass.has_ended() {
            match self.pass.next(&self.flow.ledger).await? {
                Next::Order(pending) => {
                    if self.may_try(&pending) {
                        return Ok(Some(pending));
                    }
                }
                Next::End => {}
                Next::NothingPending => {
                    let turn = self.outage.nothing_pending();
                    self.report(turn);
                }
            }
            if self.pass.has_ended() {
                self.failing.end_pass();
            }
        }
        Ok(None)
    }

    fn may_try(&mut self, Pending { seq, entry }: &Pending) -> bool {
        // Due first: it notes that the order is still pending.
        self.failing.is_due(*seq)
            && !self.flow.driven.contains(&entry.id)
            && !self.under_way.values().any(|tried| tried.seq == *seq)
    }

    fn begin(&mut self, Pending { seq, entry }: Pending) {
        let tried = Tried {
            seq,
            id: entry.id.clone(),
            attempt: self.outage.begin_attempt(),
        };
        let flow = Arc::clone(&self.flow);
        let resend_count = self.failing.attempts(seq);
        let attempt = async move { settle_one(&flow, &entry, resend_count).await };
        let task = self.attempts.spawn(attempt).id();
        self.under_way.insert(task, tried);
    }

    fn ended(&mut self, ended: Result<(Id, Result<(), Failure>), JoinError>) {
        let task = ended.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let Some(order) = self.under_way.remove(&task) else {
            return;
        };
        let result = match &ended {
            Ok((_, Ok(()))) => Attempt::Settled,
            _ => Attempt::Failed,
        };
        self.flow.metrics.count_attempt(result);
        let turn = match ended {
            Ok((_, Ok(()))) => {
                self.failing.settled(order.seq);
                self.outage.answered(&order)
            }
            Ok((_, Err(Failure::Order(cause)))) => {
                let turn = self.outage.answered(&order);
                self.failed(&order, &cause);
                turn
            }
            // The order is known to fail, so this says nothing about others. In an outage it does not
            // even say anything about the order.
            Ok((_, Err(Failure::NoAnswer(cause)))) if self.failing.contains(order.seq) => {
                if self.outage.is_working() {
                    self.failed(&order, &cause);
                }
                None
            }
            Ok((_, Err(Failure::NoAnswer(cause)))) => self.outage.unanswered(Some(order), cause),
            Err(panic) => {
                self.failed(&order, &panic.to_string());
                None
            }
        };
        self.report(turn);
    }

    fn failed(&mut self, order: &Tried, cause: &str) {
        let id = &order.id;
        match self.failing.failed(order.seq) {
            Failed::First(failing) if failing <= NAMED => tracing::warn!(
                order_id = %id,
                cause,
                "order {id} cannot be settled, it is tried again after ever longer pauses: {cause}"
            ),
            Failed::First(failing) if failing == NAMED + 1 => tracing::warn!(
                failing,
                cause,
                "more than {NAMED} orders cannot be settled, no more of them are named: {cause}"
            ),
            Failed::First(_) | Failed::Again => tracing::debug!(
                order_id = %id,
                cause,
                "order {id} is still pending: {cause}"
            ),
            Failed::NotKept => self.not_kept += 1,
        }
    }

    fn report(&mut self, turn: Option<Turn>) {
        match turn {
            None => {}
            Some(Turn::OneFails(order, cause)) => self.failed(&order, &cause),
            Some(Turn::Begins(cause)) => tracing::warn!(
                cause,
                "pending orders cannot be settled now, one at a time is tried until one can: {cause}"
            ),
            Some(Turn::Ends) => {
                tracing::info!("pending orders are settled again");
                // From the oldest on; those that were tried in the outage are behind.
                self.pass.restart();
            }
        }
    }
}

/// Goes on in the trace of the request that made the order.
async fn settle_one(flow: &OrderFlow, entry: &Entry, resend_count: u32) -> Result<(), Failure> {
    let attributes = vec![KeyValue::new("order.id", entry.id.to_string())];
    let settling = in_span(&flow.tracer, "settle_order", attributes, async |_| {
        let new = reservation(entry);
        let reserved = flow.inventory.attempt(&new, resend_count).await?;
        flow.settle(entry, reserved).await?;
        Ok::<_, Failure>(())
    });
    settling
        .with_context(from_traceparent(&entry.traceparent))
        .await
}

impl From<ReserveError> for Failure {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::NoAnswer(_) => Self::NoAnswer(error.chain()),
            ReserveError::Unexpected(_) => Self::Order(error.chain()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            Self::NoAnswer(error.to_string())
        } else {
            Self::Order(error.to_string())
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::NoAnswer(cause) | Self::Order(cause)) = self;
        formatter.write_str(cause)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use client::Peer;
    use telemetry::{Service, Telemetry, TelemetryArgs};

    use super::*;
    use crate::driven::Driven;
    use crate::inventory_client::InventoryClient;
    use crate::ledger::Ledger;
    use crate::metrics::OrderMetrics;
    use crate::product_client::ProductClient;

    #[derive(Parser)]
    struct Args {
        #[command(flatten)]
        telemetry: TelemetryArgs,
    }

    async fn settler(directory: &std::path::Path) -> Settler {
        let service = Service {
            name: "order-service",
            version: "0",
        };
        let telemetry = Telemetry::start(service, &Args::parse_from(["test"]).telemetry).unwrap();
        let tracer = telemetry.traces.tracer("test", "0");
        let nowhere: api::PeerUrl = "http://127.0.0.1:1".parse().unwrap();
        let peer = |name| Peer::new(name, nowhere.clone(), &telemetry);
        Settler::new(Arc::new(OrderFlow {
            ledger: Ledger::open(directory, &telemetry).await.unwrap(),
            products: ProductClient::new(peer("product-service"), tracer.clone()),
            inventory: InventoryClient::new(peer("inventory-service"), tracer.clone()),
            driven: Driven::default(),
            require_person: false,
            tracer,
            metrics: OrderMetrics::new(&telemetry.metrics).unwrap(),
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_there_is_no_room_for_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut settler = settler(folder.path()).await;
        assert_eq!(settler.next_probe(), None, "settling works");
        settler.outage.unanswered(None, "no answer".to_owned());
        let probe = settler.next_probe();
        assert!(probe.is_some());
        // Too many orders fail for all to be remembered, until the next look.
        settler.not_kept = AT_ONCE;
        assert_eq!(settler.next_probe(), None);
        settler.look();
        assert_eq!(settler.next_probe(), probe);
        // As many attempts as may be under way, until one ends.
        for _ in 0..AT_ONCE {
            settler.attempts.spawn(std::future::pending());
        }
        assert_eq!(settler.next_probe(), None);
        settler.attempts.abort_all();
        let ended = settler.attempts.join_next_with_id().await.unwrap();
        settler.ended(ended);
        assert_eq!(settler.next_probe(), probe);
    }
}
