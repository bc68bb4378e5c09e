//! How the peers of a process are, read when the scraper asks: their circuits, their instances, and what
//! may be sent again.

use std::fmt::Debug;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, IntGaugeVec, Opts};

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

/// A peer of which the scraper is told. Called at each scrape, so nothing of it may block.
pub trait Peer: Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// The state of the circuit to it: with several instances, that of the best.
    fn circuit(&self) -> CircuitState;
    /// Its instances, if there are several.
    fn instances(&self) -> Vec<Instance>;
    /// How many retries may be made at once now.
    fn retry_budget(&self) -> f64;
}

/// An instance of a peer that has several.
#[derive(Clone, Debug)]
pub struct Instance {
    /// `host:port`, from the configuration.
    pub address: Arc<str>,
    /// The state of the circuit to it; open: it is ejected.
    pub state: CircuitState,
    /// The requests to it whose answers have not begun.
    pub in_flight: u32,
}

/// All peers of a process. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    all: Arc<Mutex<Vec<Arc<dyn Peer>>>>,
    descs: Arc<[Desc]>,
}

/// The families, at zero peers; each scrape fills its own.
struct Families {
    circuits: IntGaugeVec,
    instances: IntGaugeVec,
    in_flight: IntGaugeVec,
    budgets: GaugeVec,
}

/// `instance` is taken: Prometheus gives that label to whoever it scrapes.
const INSTANCE: [&str; 2] = ["peer", "peer_instance"];

impl Families {
    fn new() -> prometheus::Result<Self> {
        Ok(Self {
            circuits: IntGaugeVec::new(
                Opts::new(
                    "http_client_circuit_state",
                    "State of the circuit breaker to a peer: 0 closed, requests pass; 1 half-open, a single request tries whether the peer answers again; 2 open, requests are refused without being sent. With several instances, the state of the best.",
                ),
                &["peer"],
            )?,
            instances: IntGaugeVec::new(
                Opts::new(
                    "http_client_instance_state",
                    "State of an instance of a peer that has several: 0 in use; 1 a single request tries whether it answers again; 2 ejected, the others are asked.",
                ),
                &INSTANCE,
            )?,
            in_flight: IntGaugeVec::new(
                Opts::new(
                    "http_client_requests_in_flight",
                    "Requests to an instance of a peer that has several, whose answers have not begun.",
                ),
                &INSTANCE,
            )?,
            budgets: GaugeVec::new(
                Opts::new(
                    "http_client_retry_budget",
                    "Retries that may be made at once to a peer that has several instances. Each request adds a fifth of one.",
                ),
                &["peer"],
            )?,
        })
    }

    fn collectors(&self) -> [&dyn Collector; 4] {
        [
            &self.circuits,
            &self.instances,
            &self.in_flight,
            &self.budgets,
        ]
    }

    fn add(&self, peer: &dyn Peer) {
        let name = peer.name();
        let circuit = self.circuits.with_label_values(&[name]);
        // There may be two to one peer, such as one for queries and one for spans.
        circuit.set(circuit.get().max(peer.circuit() as i64));
        let instances = peer.instances();
        if !instances.is_empty() {
            let budget = self.budgets.with_label_values(&[name]);
            budget.set(peer.retry_budget());
        }
        for instance in instances {
            let labels = [name, &*instance.address];
            let state = self.instances.with_label_values(&labels);
            state.set(state.get().max(instance.state as i64));
            let in_flight = self.in_flight.with_label_values(&labels);
            in_flight.add(i64::from(instance.in_flight));
        }
    }
}

impl Peers {
    pub(super) fn new() -> prometheus::Result<Self> {
        let families = Families::new()?;
        let descs = families.collectors().into_iter().flat_map(Collector::desc);
        Ok(Self {
            all: Arc::default(),
            descs: descs.cloned().collect(),
        })
    }

    pub(super) fn add(&self, peer: Arc<dyn Peer>) {
        self.all.lock().push(peer);
    }
}

impl Collector for Peers {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let families = Families::new().expect("they could be made before");
        for peer in &*self.all.lock() {
            families.add(&**peer);
        }
        let collectors = families.collectors().into_iter();
        collectors.flat_map(Collector::collect).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prometheus::proto::LabelPair;

    use super::*;

    #[derive(Debug)]
    struct Fixed(&'static str, Vec<CircuitState>);

    impl Peer for Fixed {
        fn name(&self) -> &'static str {
            self.0
        }

        fn circuit(&self) -> CircuitState {
            self.1.iter().copied().min().unwrap()
        }

        fn instances(&self) -> Vec<Instance> {
            let states = self.1.iter().enumerate().filter(|_| self.1.len() > 1);
            let instance = |(index, state): (usize, &CircuitState)| Instance {
                address: format!("host:{index}").into(),
                state: *state,
                in_flight: 7,
            };
            states.map(instance).collect()
        }

        fn retry_budget(&self) -> f64 {
            2.5
        }
    }

    /// The samples of a family, by the values of their labels.
    fn shown(peers: &Peers, name: &str) -> BTreeMap<String, f64> {
        let families = peers.collect();
        let family = families.iter().find(|family| family.name() == name);
        let metrics = family.expect("the family").get_metric().iter();
        metrics
            .map(|metric| {
                let labels = metric.get_label().iter().map(LabelPair::value);
                let labels: Vec<_> = labels.collect();
                (labels.join(" "), metric.get_gauge().get_value())
            })
            .collect()
    }

    fn samples<const N: usize>(expected: [(&str, f64); N]) -> BTreeMap<String, f64> {
        BTreeMap::from(expected.map(|(labels, value)| (labels.to_owned(), value)))
    }

    #[test]
    fn of_two_circuits_to_one_peer_the_worse_is_shown() {
        let peers = Peers::new().unwrap();
        assert!(peers.collect()[0].get_metric().is_empty());
        for (name, state) in [
            ("jaeger", CircuitState::HalfOpen),
            ("jaeger", CircuitState::Closed),
            ("loki", CircuitState::Open),
        ] {
            peers.add(Arc::new(Fixed(name, vec![state])));
        }
        assert_eq!(
            shown(&peers, "http_client_circuit_state"),
            samples([("jaeger", 1.0), ("loki", 2.0)])
        );
    }

    #[test]
    fn the_instances_of_a_peer_are_shown_where_there_are_several() {
        let peers = Peers::new().unwrap();
        peers.add(Arc::new(Fixed("loki", vec![CircuitState::Open])));
        let states = vec![CircuitState::Open, CircuitState::Closed];
        peers.add(Arc::new(Fixed("product-service", states)));
        assert_eq!(
            shown(&peers, "http_client_circuit_state"),
            samples([("loki", 2.0), ("product-service", 0.0)])
        );
        assert_eq!(
            shown(&peers, "http_client_instance_state"),
            samples([
                ("product-service host:0", 2.0),
                ("product-service host:1", 0.0),
            ])
        );
        assert_eq!(
            shown(&peers, "http_client_requests_in_flight"),
            samples([
                ("product-service host:0", 7.0),
                ("product-service host:1", 7.0),
            ])
        );
        assert_eq!(
            shown(&peers, "http_client_retry_budget"),
            samples([("product-service", 2.5)])
        );
    }
}
