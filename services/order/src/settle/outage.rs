//! Whether settling works at all: is it one order that fails, or every order?
//!
//! *Working*: orders are tried many at once. When an attempt gets no answer it becomes *doubtful*:
//! no other begins, but for a probe with the next order. If another order gets an answer, it was
//! the first one's own failure, and all goes on. If a second attempt gets none either, settling is
//! *failing*: a single order is tried from time to time, each time the next one, until one gets an
//! answer. So an outage of inventory is noticed and logged once, its end is noticed within a
//! second, and no order has to pay for it.
//!
//! Where no other order is left to probe with, those that were answered while the first one hung
//! speak against it.

use std::time::Duration;

use api::OrderId;
use tokio::time::Instant;

use super::backoff::Backoff;

/// The first probe comes soon: in doubt, all orders wait for it.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause between two probes: as soon as inventory is back, its orders should be.
/// While the circuit towards it is open a probe does not even leave the process.
const LONGEST: Duration = Duration::from_secs(1);

/// An order that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    /// Its place in the sequence of orders.
    pub(super) seq: i64,
    pub(super) id: OrderId,
    /// Which attempt it was, by [`Outage::begin_attempt`].
    pub(super) attempt: u64,
}

/// A turn of events.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// One order fails while others do not.
    OneFails(Tried, String),
    /// Settling does not work any more.
    Begins(String),
    /// It works again.
    Ends,
}

/// The state of settling.
#[derive(Debug, Default)]
pub(super) struct Outage {
    state: State,
    /// The attempt that has begun last: they are numbered from 1.
    begun: u64,
    /// The latest attempt that got an answer.
    answered: u64,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Working,
    Doubtful {
        /// The order that got no answer, unless it was the store that failed.
        suspect: Option<Tried>,
        /// Whether an attempt that began later than the suspect's had got its answer before.
        answered_behind: bool,
        cause: String,
        /// The attempt that had begun last.
        since: u64,
        probe: Backoff,
    },
    Failing {
        /// The attempt that had begun last.
        since: u64,
        probe: Backoff,
    },
}

impl Outage {
    pub(super) const fn is_working(&self) -> bool {
        matches!(self.state, State::Working)
    }

    /// Whether another attempt may begin now. What this says yes to while settling does not work
    /// is the one probe until the next pause is over.
    pub(super) fn admits(&mut self) -> bool {
        match &mut self.state {
            State::Working => true,
            State::Doubtful { probe, .. } | State::Failing { probe, .. } => {
                let due = probe.is_due();
                if due {
                    probe.grow();
                }
                due
            }
        }
    }

    /// When the next probe is due, unless settling works.
    pub(super) const fn next_probe(&self) -> Option<Instant> {
        match &self.state {
            State::Working => None,
            State::Doubtful { probe, .. } | State::Failing { probe, .. } => Some(probe.due()),
        }
    }

    /// An attempt begins: its number.
    pub(super) const fn begin_attempt(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// An attempt got an answer, whatever it was.
    pub(super) fn answered(&mut self, order: &Tried) -> Option<Turn> {
        self.answered = self.answered.max(order.attempt);
        if let State::Doubtful { since, .. } | State::Failing { since, .. } = self.state
            && order.attempt <= since
        {
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Working => None,
            State::Doubtful { suspect, cause, .. } => suspect
                .filter(|suspect| suspect.seq != order.seq)
                .map(|suspect| Turn::OneFails(suspect, cause)),
            State::Failing { .. } => Some(Turn::Ends),
        }
    }

    /// An attempt of this order, or a read of the store, got no answer.
    pub(super) fn unanswered(&mut self, order: Option<Tried>, cause: String) -> Option<Turn> {
        match &self.state {
            State::Working => {
                let answered = self.answered;
                self.state = State::Doubtful {
                    answered_behind: order.as_ref().is_some_and(|it| it.attempt < answered),
                    suspect: order,
                    cause,
                    since: self.begun,
                    probe: Backoff::new(FIRST, LONGEST),
                };
                None
            }
            State::Doubtful {
                suspect: Some(suspect),
                answered_behind: true,
                ..
            } if order.as_ref().is_some_and(|it| it.seq == suspect.seq) => {
                self.state = State::Working;
                order.map(|order| Turn::OneFails(order, cause))
            }
            State::Doubtful { probe, .. } => {
                self.state = State::Failing {
                    since: self.begun,
                    probe: *probe,
                };
                Some(Turn::Begins(cause))
            }
            State::Failing { .. } => None,
        }
    }

    /// There is no pending order, so none that fails.
    pub(super) fn nothing_pending(&mut self) -> Option<Turn> {
        match std::mem::take(&mut self.state) {
            State::Working | State::Doubtful { .. } => None,
            State::Failing { .. } => Some(Turn::Ends),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Begins an attempt of this order.
    fn begin(outage: &mut Outage, seq: i64) -> Tried {
        Tried {
            seq,
            id: format!("order-{seq}").parse().unwrap(),
            attempt: outage.begin_attempt(),
        }
    }

    fn cause() -> String {
        "no answer".to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn one_order_without_an_answer_is_to_blame_once_another_has_one() {
        let mut outage = Outage::default();
        let (bad, before) = (begin(&mut outage, 1), begin(&mut outage, 2));
        assert_eq!(outage.unanswered(Some(bad.clone()), cause()), None);
        assert!(!outage.admits(), "the others wait for a moment");
        assert_eq!(outage.answered(&before), None, "that may be old news");
        assert!(!outage.is_working());
        tokio::time::advance(FIRST).await;
        assert!(outage.admits(), "the probe");
        assert!(!outage.admits(), "only one");
        let probe = begin(&mut outage, 3);
        let blamed = Turn::OneFails(bad, cause());
        assert_eq!(outage.answered(&probe), Some(blamed));
        assert!(outage.admits() && outage.admits());
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_answered_the_second_time_is_not_to_blame() {
        let mut outage = Outage::default();
        let first = begin(&mut outage, 1);
        outage.unanswered(Some(first), cause());
        let second = begin(&mut outage, 1);
        assert_eq!(outage.answered(&second), None);
        assert!(outage.is_working());
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_alone_is_to_blame_when_others_were_answered_while_it_hung() {
        let mut outage = Outage::default();
        let (hangs, other) = (begin(&mut outage, 1), begin(&mut outage, 2));
        assert_eq!(outage.answered(&other), None);
        assert_eq!(outage.unanswered(Some(hangs), cause()), None);
        let again = begin(&mut outage, 1);
        let blamed = Turn::OneFails(again.clone(), cause());
        assert_eq!(outage.unanswered(Some(again), cause()), Some(blamed));
        assert!(outage.is_working());

        // Two orders that hang are an outage, even if others were answered meanwhile.
        let (third, fourth) = (begin(&mut outage, 3), begin(&mut outage, 4));
        let other = begin(&mut outage, 5);
        outage.answered(&other);
        assert_eq!(outage.unanswered(Some(third), cause()), None);
        let begins = Turn::Begins(cause());
        assert_eq!(outage.unanswered(Some(fourth), cause()), Some(begins));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_begins_once_and_ends_once_and_probes_ever_more_seldom() {
        let mut outage = Outage::default();
        let [first, second, third, late] = [1, 2, 3, 4].map(|seq| begin(&mut outage, seq));
        assert_eq!(outage.answered(&first), None);
        assert_eq!(outage.unanswered(Some(second), cause()), None);
        let begins = Turn::Begins(cause());
        assert_eq!(outage.unanswered(Some(third), cause()), Some(begins));
        assert_eq!(outage.answered(&late), None, "that may be old news");
        for millis in [100, 200, 400, 800, 1000, 1000] {
            let due = outage.next_probe().unwrap();
            assert_eq!(due - Instant::now(), Duration::from_millis(millis));
            assert!(!outage.admits());
            tokio::time::advance(Duration::from_millis(millis)).await;
            assert!(outage.admits());
            let probe = begin(&mut outage, 5);
            assert_eq!(outage.unanswered(Some(probe), cause()), None);
        }
        let probe = begin(&mut outage, 6);
        assert_eq!(outage.answered(&probe), Some(Turn::Ends));
        assert_eq!(outage.next_probe(), None);
        assert!(outage.admits());
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_ends_when_nothing_is_pending() {
        let mut outage = Outage::default();
        assert_eq!(outage.nothing_pending(), None);
        outage.unanswered(None, cause());
        assert_eq!(outage.nothing_pending(), None);
        assert!(outage.is_working());
        outage.unanswered(None, cause());
        outage.unanswered(None, cause());
        assert_eq!(outage.nothing_pending(), Some(Turn::Ends));
    }
}
