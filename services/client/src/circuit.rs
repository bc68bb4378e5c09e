//! The circuit breaker: a peer that is gone is left alone for a while, which spares its callers a
//! timeout each, and the peer a crowd at its start. Of a peer with several instances each has its own, and
//! one whose circuit is open is *ejected*: the others are asked.
//!
//! ```text
//!            FAILURES in a row              the pause is over, and a request comes
//!  Closed ──────────────────────▶  Open  ──────────────────────────────────────────▶  Probation
//!    ▲                              ▲                                                  │    │
//!    │                              └────────── the probe fails: twice the pause ──────┘    │
//!    └───────────────────────────────────────── the probe succeeds ─────────────────────────┘
//! ```
//!
//! *Closed*: requests pass, and failures in a row are counted. *Open*: every request fails at once,
//! until the pause is over. *Probation*: one request has passed as a probe, and until its outcome
//! is known no other passes, however long that takes. A probe whose caller goes away, or keeps the
//! peer waiting for its body, has no outcome, and the next request is the probe.
//!
//! A failure is a connection or the head of an answer that did not come; a status is an answer, except for
//! one of several instances ([`crate::attempt`]). An outcome counts only in the state in which its request was admitted. What was sent before the
//! circuit opened therefore neither closes it, since the peer may be gone since, nor opens it
//! again once the probe has closed it.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use telemetry::metrics::CircuitState;
use tokio::time::Instant;

use crate::{LastFailure, PeerError};

/// One may be chance and two a restart; five in a row with nothing between them is a peer that
/// is gone.
pub(crate) const FAILURES: u32 = 5;

/// Short against what a person waits, long against what a refused connection costs.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Each pause is twice the one before, up to this. A probe is a request that will probably
/// fail, so there should be few in a long outage; but after it nobody should wait for long.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// The same for one of several instances: nobody waits for it, since the others are asked.
const LONGEST_EJECTION: Duration = Duration::from_secs(16);

/// The circuit to one peer, or to one of its instances.
#[derive(Debug)]
pub(crate) struct Circuit {
    peer: &'static str,
    /// The `host:port` of one of several instances.
    instance: Option<Arc<str>>,
    /// Held for a few instructions, never across an await.
    machine: Mutex<Machine>,
}

#[derive(Debug)]
struct Machine {
    state: State,
    /// How many states there have been before this one. It shows whether an outcome belongs here.
    epoch: u64,
}

#[derive(Clone, Debug)]
enum State {
    Closed {
        /// In a row, below [`FAILURES`].
        failures: u32,
    },
    Open {
        until: Instant,
        pause: Duration,
        reason: LastFailure,
    },
    Probation {
        /// The one that was over when the probe passed.
        pause: Duration,
        reason: LastFailure,
    },
}

/// The epoch of a request whose outcome decides nothing.
const NO_EPOCH: u64 = u64::MAX;

/// The leave to send one request. Dropped without an outcome it counts as none.
#[derive(Debug)]
pub(crate) struct Permit {
    circuit: Arc<Circuit>,
    epoch: u64,
}

impl Circuit {
    /// A closed circuit to `peer`.
    pub(crate) const fn to_peer(peer: &'static str) -> Self {
        Self::closed(peer, None)
    }

    /// A closed circuit to one of several instances of `peer`.
    pub(crate) const fn to_instance(peer: &'static str, address: Arc<str>) -> Self {
        Self::closed(peer, Some(address))
    }

    const fn closed(peer: &'static str, instance: Option<Arc<str>>) -> Self {
        let machine = Machine {
            state: State::Closed { failures: 0 },
            epoch: 0,
        };
        Self {
            peer,
            instance,
            machine: Mutex::new(machine),
        }
    }

    /// Whether a request would pass.
    pub(crate) fn admits(&self) -> bool {
        match self.machine.lock().state {
            State::Closed { .. } => true,
            State::Open { until, .. } => until <= Instant::now(),
            State::Probation { .. } => false,
        }
    }

    /// Lets a request pass whatever the state: all instances are ejected. If it is answered, the circuit is
    /// closed; if not, nothing has changed.
    pub(crate) fn admit_anyway(self: &Arc<Self>) -> Permit {
        let machine = self.machine.lock();
        let epoch = match machine.state {
            State::Closed { .. } | State::Open { .. } => machine.epoch,
            // The probe alone decides.
            State::Probation { .. } => NO_EPOCH,
        };
        Permit {
            circuit: Arc::clone(self),
            epoch,
        }
    }

    /// Lets a request pass, or says why not and for how long.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Permit, PeerError> {
        let mut machine = self.machine.lock();
        match &machine.state {
            State::Closed { .. } => {}
            State::Open {
                until,
                pause,
                reason,
            } => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(self.open(left, reason));
                }
                let (pause, reason) = (*pause, reason.clone());
                machine.enter(State::Probation { pause, reason });
            }
            // Nobody knows when the probe ends; soon, if the peer is well.
            State::Probation { reason, .. } => return Err(self.open(FIRST_PAUSE, reason)),
        }
        Ok(Permit {
            circuit: Arc::clone(self),
            epoch: machine.epoch,
        })
    }

    fn open(&self, retry_after: Duration, reason: &LastFailure) -> PeerError {
        PeerError::CircuitOpen {
            peer: self.peer,
            retry_after,
            reason: reason.clone(),
        }
    }

    fn longest_pause(&self) -> Duration {
        match self.instance {
            None => LONGEST_PAUSE,
            Some(_) => LONGEST_EJECTION,
        }
    }

    fn log_opened(&self, cause: &str) {
        let peer = self.peer;
        match &self.instance {
            None => tracing::warn!(
                peer,
                failures = FAILURES,
                cause,
                "{peer} failed {FAILURES} times in a row: the circuit is open"
            ),
            Some(instance) => tracing::warn!(
                peer,
                instance = &**instance,
                failures = FAILURES,
                cause,
                "{peer} at {instance} failed {FAILURES} times in a row: it is ejected, the other instances are asked"
            ),
        }
    }

    fn log_closed(&self) {
        let peer = self.peer;
        match &self.instance {
            None => tracing::info!(peer, "{peer} answers again: the circuit is closed"),
            Some(instance) => tracing::info!(
                peer,
                instance = &**instance,
                "{peer} at {instance} answers again: it is no longer ejected"
            ),
        }
    }

    /// By what the next request would meet: once its pause is over, an open circuit is half-open,
    /// whether or not anybody has asked since.
    pub(crate) fn state(&self) -> CircuitState {
        match self.machine.lock().state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open { until, .. } if until > Instant::now() => CircuitState::Open,
            State::Open { .. } | State::Probation { .. } => CircuitState::HalfOpen,
        }
    }
}

impl Machine {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    fn open(&mut self, pause: Duration, reason: &str) {
        self.enter(State::Open {
            until: Instant::now() + pause,
            pause,
            reason: LastFailure(reason.into()),
        });
    }
}

impl Permit {
    /// Whether the outcome of this request decides if others may pass.
    pub(crate) fn is_probe(&self) -> bool {
        let machine = self.machine();
        machine.is_some_and(|machine| matches!(machine.state, State::Probation { .. }))
    }

    /// An answer came.
    pub(crate) fn succeeded(self) {
        let Some(mut machine) = self.machine() else {
            return;
        };
        match machine.state {
            State::Closed { ref mut failures } => *failures = 0,
            // Open: it passed although it was ejected.
            State::Open { .. } | State::Probation { .. } => {
                machine.enter(State::Closed { failures: 0 });
                drop(machine);
                self.circuit.log_closed();
            }
        }
    }

    /// No answer came, for this reason.
    pub(crate) fn failed(self, reason: &str) {
        let Some(mut machine) = self.machine() else {
            return;
        };
        let peer = self.circuit.peer;
        match machine.state {
            State::Closed { failures } if failures + 1 < FAILURES => {
                machine.state = State::Closed {
                    failures: failures + 1,
                };
            }
            State::Closed { .. } => {
                machine.open(FIRST_PAUSE, reason);
                drop(machine);
                self.circuit.log_opened(reason);
            }
            State::Open { .. } => {}
            State::Probation { pause, .. } => {
                let pause = (2 * pause).min(self.circuit.longest_pause());
                machine.open(pause, reason);
                drop(machine);
                // It was said when it opened.
                tracing::debug!(
                    peer,
                    cause = reason,
                    "{peer} still fails: it is left alone for {pause:?}"
                );
            }
        }
    }

    /// The machine, if it still is in the state in which this request was admitted.
    fn machine(&self) -> Option<MutexGuard<'_, Machine>> {
        Some(self.circuit.machine.lock()).filter(|machine| machine.epoch == self.epoch)
    }
}

impl Drop for Permit {
    /// Gives a probe's permit back. After an outcome the probation is over, and this does nothing.
    fn drop(&mut self) {
        if let Some(mut machine) = self.machine()
            && let State::Probation { pause, reason } = machine.state.clone()
        {
            machine.enter(State::Open {
                until: Instant::now(),
                pause,
                reason,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "inventory-service";
    const MOMENT: Duration = Duration::from_millis(1);

    fn closed() -> Arc<Circuit> {
        Arc::new(Circuit::to_peer(PEER))
    }

    fn opened() -> Arc<Circuit> {
        let circuit = closed();
        for _ in 0..FAILURES {
            circuit.admit().unwrap().failed("refused");
        }
        circuit
    }

    /// A circuit in probation, and its probe.
    async fn on_probation() -> (Arc<Circuit>, Permit) {
        let circuit = opened();
        tokio::time::advance(FIRST_PAUSE).await;
        let probe = circuit.admit().expect("the probe");
        (circuit, probe)
    }

    /// How long the circuit stays open still; none when it lets a request pass.
    fn refused_for(circuit: &Arc<Circuit>) -> Option<Duration> {
        match circuit.admit() {
            Ok(_) => None,
            Err(PeerError::CircuitOpen { retry_after, .. }) => Some(retry_after),
            Err(other) => panic!("{other}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_failures_in_a_row_open_it() {
        let circuit = closed();
        for _ in 0..3 {
            for _ in 1..FAILURES {
                circuit.admit().unwrap().failed("refused");
            }
            circuit.admit().unwrap().succeeded();
        }
        for _ in 1..FAILURES {
            circuit.admit().unwrap().failed("refused");
        }
        assert_eq!(refused_for(&circuit), None);
        circuit.admit().unwrap().failed("refused");
        assert_eq!(refused_for(&circuit), Some(FIRST_PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_without_an_outcome_count_neither_way() {
        let circuit = closed();
        for _ in 1..FAILURES {
            circuit.admit().unwrap().failed("refused");
        }
        drop(circuit.admit().unwrap());
        circuit.admit().unwrap().failed("refused");
        assert!(refused_for(&circuit).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_one_says_why_and_how_long_until_its_pause_is_over() {
        let circuit = opened();
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(refused_for(&circuit), Some(MOMENT));
        let cause = circuit.admit().unwrap_err().chain();
        assert!(cause.ends_with("repeated failures: refused"), "{cause}");
        tokio::time::advance(MOMENT).await;
        assert_eq!(refused_for(&circuit), None);
    }

    #[tokio::test(start_paused = true)]
    async fn its_state_is_what_the_next_request_would_meet() {
        assert_eq!(closed().state(), CircuitState::Closed);
        let circuit = opened();
        assert_eq!(circuit.state(), CircuitState::Open);
        tokio::time::advance(FIRST_PAUSE).await;
        assert_eq!(circuit.state(), CircuitState::HalfOpen, "a probe may pass");
        let probe = circuit.admit().expect("the probe");
        assert_eq!(circuit.state(), CircuitState::HalfOpen, "it has passed");
        probe.failed("refused");
        assert_eq!(circuit.state(), CircuitState::Open);
        tokio::time::advance(2 * FIRST_PAUSE).await;
        circuit.admit().expect("the probe").succeeded();
        assert_eq!(circuit.state(), CircuitState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_probe_hangs_nobody_else_passes() {
        let (circuit, probe) = on_probation().await;
        for _ in 0..100 {
            tokio::time::advance(FIRST_PAUSE).await;
            assert!(refused_for(&circuit).is_some());
        }
        probe.succeeded();
        assert_eq!(refused_for(&circuit), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_succeeds_closes_it_and_the_count_begins_anew() {
        let (circuit, probe) = on_probation().await;
        probe.succeeded();
        for _ in 1..FAILURES {
            circuit.admit().unwrap().failed("refused");
        }
        assert_eq!(refused_for(&circuit), None);
        circuit.admit().unwrap().failed("refused");
        assert_eq!(refused_for(&circuit), Some(FIRST_PAUSE), "not a longer one");
    }

    #[tokio::test(start_paused = true)]
    async fn each_probe_that_fails_doubles_the_pause_up_to_the_longest() {
        let (circuit, probe) = on_probation().await;
        probe.failed("refused");
        let mut pause = 2 * FIRST_PAUSE;
        for _ in 0..5 {
            assert_eq!(refused_for(&circuit), Some(pause));
            tokio::time::advance(pause).await;
            circuit.admit().expect("the probe").failed("timed out");
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
        assert_eq!(pause, LONGEST_PAUSE);
        let cause = circuit.admit().unwrap_err().chain();
        assert!(cause.ends_with("timed out"), "the last failure: {cause}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_pauses_of_an_ejected_instance_grow_to_sixteen_seconds() {
        let circuit = Arc::new(Circuit::to_instance(PEER, "a:80".into()));
        for _ in 0..FAILURES {
            circuit.admit().unwrap().failed("refused");
        }
        for seconds in [1, 2, 4, 8, 16, 16] {
            let pause = Duration::from_secs(seconds);
            assert_eq!(refused_for(&circuit), Some(pause));
            assert!(!circuit.admits());
            tokio::time::advance(pause).await;
            assert!(circuit.admits());
            circuit.admit().expect("the probe").failed("refused");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_passes_anyway_closes_it_by_an_answer_and_changes_nothing_else() {
        let circuit = opened();
        circuit.admit_anyway().failed("refused");
        drop(circuit.admit_anyway());
        assert_eq!(refused_for(&circuit), Some(FIRST_PAUSE));
        circuit.admit_anyway().succeeded();
        assert_eq!(refused_for(&circuit), None);

        let (circuit, probe) = on_probation().await;
        circuit.admit_anyway().succeeded();
        circuit.admit_anyway().failed("refused");
        drop(circuit.admit_anyway());
        assert!(refused_for(&circuit).is_some(), "the probe alone decides");
        probe.succeeded();
        assert_eq!(refused_for(&circuit), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_probe_gives_its_permit_to_the_next_request_and_changes_no_pause() {
        let (circuit, probe) = on_probation().await;
        drop(probe);
        let next = circuit.admit().expect("the next probe");
        assert!(refused_for(&circuit).is_some());
        next.failed("refused");
        assert_eq!(refused_for(&circuit), Some(2 * FIRST_PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_before_it_opened_neither_closes_it_nor_opens_it_again() {
        let circuit = closed();
        let mut old: Vec<_> = (0..20).map(|_| circuit.admit().unwrap()).collect();
        for _ in 0..FAILURES {
            circuit.admit().unwrap().failed("refused");
        }
        old.pop().unwrap().succeeded();
        assert_eq!(refused_for(&circuit), Some(FIRST_PAUSE), "still open");
        old.pop().unwrap().failed("refused");
        drop(old.pop());
        assert_eq!(refused_for(&circuit), Some(FIRST_PAUSE), "nor longer");

        tokio::time::advance(FIRST_PAUSE).await;
        let probe = circuit.admit().expect("the probe");
        old.pop().unwrap().succeeded();
        old.pop().unwrap().failed("refused");
        drop(old.pop());
        assert!(refused_for(&circuit).is_some(), "the probe alone decides");

        probe.succeeded();
        for late in old {
            late.failed("refused");
        }
        assert_eq!(refused_for(&circuit), None);
    }
}
