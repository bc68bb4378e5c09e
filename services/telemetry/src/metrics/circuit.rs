//! The state of the circuit to each peer, read when the scraper asks.

use std::fmt::Debug;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};

/// What a circuit breaker does with the next request. The values are those of the gauge; a greater
/// one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CircuitState {
    /// It passes.
    Closed = 0,
    /// One passes as a probe, or has passed; the others are refused until its outcome is known.
    HalfOpen = 1,
    /// It is refused.
    Open = 2,
}

/// A circuit breaker whose state is shown.
pub trait Circuit: Debug + Send + Sync {
    /// The name of the peer to which it leads.
    fn peer(&self) -> &'static str;
    /// Its state now. Called at each scrape, so it must not block.
    fn state(&self) -> CircuitState;
}

/// All circuits of a process. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Circuits {
    all: Arc<Mutex<Vec<Arc<dyn Circuit>>>>,
    /// At zero peers; each scrape fills one of its own.
    desc: Desc,
}

impl Circuits {
    pub(super) fn new() -> prometheus::Result<Self> {
        let family = family()?;
        Ok(Self {
            all: Arc::default(),
            desc: family.desc()[0].clone(),
        })
    }

    pub(super) fn add(&self, circuit: Arc<dyn Circuit>) {
        self.all.lock().push(circuit);
    }
}

impl Collector for Circuits {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let family = family().expect("it could be made before");
        for circuit in &*self.all.lock() {
            let gauge = family.with_label_values(&[circuit.peer()]);
            // There may be two to one peer, such as one for queries and one for spans.
            gauge.set(gauge.get().max(circuit.state() as i64));
        }
        family.collect()
    }
}

fn family() -> prometheus::Result<IntGaugeVec> {
    let opts = Opts::new(
        "http_client_circuit_state",
        "State of the circuit breaker to a peer: 0 closed, requests pass; 1 half-open, a single request tries whether the peer answers again; 2 open, requests are refused without being sent.",
    );
    IntGaugeVec::new(opts, &["peer"])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug)]
    struct Fixed(&'static str, CircuitState);

    impl Circuit for Fixed {
        fn peer(&self) -> &'static str {
            self.0
        }

        fn state(&self) -> CircuitState {
            self.1
        }
    }

    #[test]
    fn of_two_circuits_to_one_peer_the_worse_is_shown() {
        let circuits = Circuits::new().unwrap();
        assert!(circuits.collect()[0].get_metric().is_empty());
        for (peer, state) in [
            ("jaeger", CircuitState::HalfOpen),
            ("jaeger", CircuitState::Closed),
            ("loki", CircuitState::Open),
        ] {
            circuits.add(Arc::new(Fixed(peer, state)));
        }
        let families = circuits.collect();
        let shown: BTreeMap<_, _> = families[0]
            .get_metric()
            .iter()
            .map(|metric| {
                (
                    metric.get_label()[0].value(),
                    metric.get_gauge().get_value(),
                )
            })
            .collect();
        assert_eq!(shown, BTreeMap::from([("jaeger", 1.0), ("loki", 2.0)]));
    }
}
