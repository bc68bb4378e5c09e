//! A pass over the pending orders, from the oldest to the newest, a page at a time.

use std::collections::VecDeque;

use store::StoreError;

use crate::ledger::{Ledger, Pending};

/// How many orders are read at once, and so how many of a backlog are in memory at most.
const PAGE: u32 = 256;

/// The pass that is under way, or the last one.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// Read and not looked at yet.
    page: VecDeque<Pending>,
    /// The place in the sequence up to which was read.
    read: i64,
    /// Whether all has been read.
    complete: bool,
}

/// What comes next in a pass.
#[derive(Debug)]
pub(super) enum Next {
    Order(Pending),
    /// All pending orders have been passed.
    End,
    /// There is no pending order at all.
    NothingPending,
}

impl Pass {
    /// Whether all pending orders have been passed.
    pub(super) fn has_ended(&self) -> bool {
        self.complete && self.page.is_empty()
    }

    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// The next pending order.
    pub(super) async fn next(&mut self, ledger: &Ledger) -> Result<Next, StoreError> {
        if self.page.is_empty() && !self.complete {
            let page = ledger.pending(self.read, PAGE).await?;
            if page.is_empty() && self.read == 0 {
                self.complete = true;
                return Ok(Next::NothingPending);
            }
            self.complete = page.len() < PAGE as usize;
            self.read = page.last().map_or(self.read, |last| last.seq);
            self.page = page.into();
        }
        Ok(self.page.pop_front().map_or(Next::End, Next::Order))
    }
}
