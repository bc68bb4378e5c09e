//! What both loops share: to take a step, to time it, and to count it.

use tokio::sync::watch;
use tokio::time::Instant;

use crate::answers::Answered;
use crate::args::Args;
use crate::failure::Failure;
use crate::record::Record;
use crate::shop::Shop;
use crate::step::Step;

/// The state of a run.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) args: Args,
    pub(crate) seed: u64,
    pub(crate) shop: Shop,
    pub(crate) record: Record,
    /// Becomes true when no further request is to start.
    pub(crate) over: watch::Sender<bool>,
}

impl Traffic {
    pub(crate) fn new(args: Args, seed: u64, shop: Shop) -> Self {
        Self {
            args,
            seed,
            shop,
            record: Record::default(),
            over: watch::Sender::new(false),
        }
    }

    /// Takes a step, and with `--restock` restocks after an order that found too little. Latency
    /// counts from `since`.
    pub(crate) async fn take(&self, step: &Step, since: Instant) -> Result<Answered, Failure> {
        let outcome = self.timed(step, since).await;
        if self.args.restock
            && outcome == Ok(Answered::ShortStock)
            && let Step::Buy { product, .. } = step
        {
            let restock = Step::Restock(product.clone());
            // A failure is in the record.
            let _ = self.timed(&restock, Instant::now()).await;
        }
        outcome
    }

    /// Resolves when no further request is to start.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    pub(crate) fn has_ended(&self) -> bool {
        *self.over.borrow()
    }

    async fn timed(&self, step: &Step, since: Instant) -> Result<Answered, Failure> {
        let _in_flight = self.record.begin();
        let outcome = self.shop.take(step).await;
        self.record.add(step.endpoint(), &outcome, since.elapsed());
        outcome
    }
}
