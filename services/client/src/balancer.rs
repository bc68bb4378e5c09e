//! Which instance of a peer is asked: the less loaded of two that chance draws, among those that are not
//! ejected.
//!
//! The less loaded of *all* would be the same for every caller, who would all ask it at once; the less
//! loaded of two drawn is nearly as good without that (Mitzenmacher, "The power of two choices in
//! randomized load balancing"). The draw is by weight. An instance that fails is ejected by its circuit
//! ([`crate::circuit`]); when all are, all are asked, since the fault may lie between us and them.

use api::PeerUrls;
use telemetry::metrics::{self, CircuitState};
use tokio::time::Instant;

use crate::PeerError;
use crate::budget::RetryBudget;
use crate::circuit::Permit;
use crate::connector::{Connector, Security};
use crate::instance::Instance;

/// By how much less loaded the second must be to be asked where weights differ. Latencies of instances that
/// do equally well differ by as much from one answer to the next, and would decide in place of the weights.
const MARGIN: f64 = 2.0;

/// The instances of a peer.
#[derive(Debug)]
pub(crate) struct Balancer {
    peer: &'static str,
    instances: Box<[Instance]>,
    pub(crate) budget: RetryBudget,
    mean_weight: f64,
    margin: f64,
}

/// The instance that a request goes to.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    pub(crate) instance: &'a Instance,
    /// The leave to send it; an error where the only instance is left alone.
    pub(crate) permit: Result<Permit, PeerError>,
    pub(crate) index: usize,
}

/// A set of instances, by their indexes.
type Set = u32;

impl Balancer {
    /// The instances of `peer` at `urls`.
    pub(crate) fn new(peer: &'static str, urls: &PeerUrls, security: &Security) -> Self {
        let urls = urls.instances();
        let is_only = urls.len() == 1;
        // Each has a connector of its own, so that a name that is not resolved holds up its instance alone.
        let instances = urls.iter().map(|url| {
            let connector = Connector::new(security.clone());
            Instance::new(peer, url.clone(), connector, is_only)
        });
        let instances: Box<[Instance]> = instances.collect();
        let weights = || instances.iter().map(|instance| f64::from(instance.weight));
        let mean_weight = weights().sum::<f64>() / weights().map(|_| 1.0).sum::<f64>();
        let even = urls.iter().all(|url| url.weight == urls[0].weight);
        Self {
            peer,
            instances,
            budget: RetryBudget::new(),
            mean_weight,
            margin: if even { 1.0 } else { MARGIN },
        }
    }

    /// Whether there is more than one.
    pub(crate) fn has_several(&self) -> bool {
        self.instances.len() > 1
    }

    /// The instance for a new request.
    pub(crate) fn choose(&self) -> Chosen<'_> {
        if !self.has_several() {
            return self.chosen(0, self.instances[0].circuit.admit());
        }
        self.choose_among(self.all()).unwrap_or_else(|| {
            let index = self.better_of_two(self.all(), |_| true);
            let index = index.expect("there are several");
            self.chosen(index, Ok(self.instances[index].circuit.admit_anyway()))
        })
    }

    /// The instance for a request that `first` did not answer: another one, or the only one again. None if
    /// those are ejected: to ask them all the same is for new requests.
    pub(crate) fn choose_again(&self, first: usize) -> Option<Chosen<'_>> {
        if self.has_several() {
            return self.choose_among(self.all() & !(1 << first));
        }
        let chosen = self.choose();
        chosen.permit.is_ok().then_some(chosen)
    }

    /// Whether a request that this one does not answer could be sent to another.
    pub(crate) fn has_another(&self, index: usize) -> bool {
        let mut others = self.instances.iter().enumerate();
        others.any(|(other, instance)| other != index && instance.circuit.admits())
    }

    fn choose_among(&self, mut set: Set) -> Option<Chosen<'_>> {
        loop {
            let index = self.better_of_two(set, |instance| instance.circuit.admits())?;
            match self.instances[index].circuit.admit() {
                Ok(permit) => return Some(self.chosen(index, Ok(permit))),
                // Another request is its probe since.
                Err(_) => set &= !(1 << index),
            }
        }
    }

    /// The less loaded of two that are drawn from those of a set that will do.
    fn better_of_two(&self, mut set: Set, will_do: impl Fn(&Instance) -> bool) -> Option<usize> {
        let mut next = || {
            while set != 0 {
                let index = self.draw(set);
                set &= !(1 << index);
                if will_do(&self.instances[index]) {
                    return Some(index);
                }
            }
            None
        };
        let first = next()?;
        let Some(second) = next() else {
            return Some(first);
        };
        let now = Instant::now();
        let cost = |index: usize| {
            let instance = &self.instances[index];
            let share = f64::from(instance.weight) / self.mean_weight;
            instance.load.cost(share, now)
        };
        let second_is_better = cost(second) * self.margin < cost(first);
        Some(if second_is_better { second } else { first })
    }

    /// One of a set that is not empty, each as probable as its weight is great.
    fn draw(&self, set: Set) -> usize {
        let weights = || {
            let instances = self.instances.iter().enumerate();
            let instances = instances.filter(|(index, _)| set & (1 << index) != 0);
            instances.map(|(index, instance)| (index, instance.weight))
        };
        let total: u32 = weights().map(|(_, weight)| weight).sum();
        let mut drawn = fastrand::u32(..total);
        for (index, weight) in weights() {
            match drawn.checked_sub(weight) {
                Some(rest) => drawn = rest,
                None => return index,
            }
        }
        unreachable!("less than the sum was drawn")
    }

    fn all(&self) -> Set {
        Set::MAX >> (Set::BITS as usize - self.instances.len())
    }

    fn chosen(&self, index: usize, permit: Result<Permit, PeerError>) -> Chosen<'_> {
        Chosen {
            instance: &self.instances[index],
            permit,
            index,
        }
    }
}

impl metrics::Peer for Balancer {
    fn name(&self) -> &'static str {
        self.peer
    }

    fn circuit(&self) -> CircuitState {
        let states = self.instances.iter();
        let best = states.map(|instance| instance.circuit.state()).min();
        best.unwrap_or(CircuitState::Closed)
    }

    fn instances(&self) -> Vec<metrics::Instance> {
        let instances = self.instances.iter().filter(|_| self.has_several());
        instances
            .map(|instance| metrics::Instance {
                address: instance.address.clone(),
                state: instance.circuit.state(),
                in_flight: instance.load.in_flight(),
            })
            .collect()
    }

    fn retry_budget(&self) -> f64 {
        self.budget.left()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telemetry::metrics::Peer as _;

    use super::*;
    use crate::circuit::{FAILURES, FIRST_PAUSE};

    const MS: Duration = Duration::from_millis(1);

    fn balancer(urls: &str) -> Balancer {
        fastrand::seed(12);
        Balancer::new("product-service", &urls.parse().unwrap(), &Security::Plain)
    }

    fn three() -> Balancer {
        balancer("http://a,http://b,http://c")
    }

    /// Sends requests one after another, each of which takes as long as its instance's answers do; how many
    /// each instance got.
    async fn shares(
        balancer: &Balancer,
        requests: u32,
        latency: impl Fn(usize) -> Duration,
    ) -> Vec<u32> {
        let mut counts = vec![0; balancer.instances.len()];
        for _ in 0..requests {
            let chosen = balancer.choose();
            let (index, load) = (chosen.index, &chosen.instance.load);
            counts[index] += 1;
            let in_flight = load.begin();
            tokio::time::advance(latency(index)).await;
            drop(in_flight);
            load.observe(latency(index));
            chosen.permit.unwrap().succeeded();
        }
        counts
    }

    /// Latencies of 1 to 3 ms.
    fn noisy(_: usize) -> Duration {
        MS + Duration::from_micros(fastrand::u64(..2000))
    }

    fn eject(balancer: &Balancer, index: usize) {
        for _ in 0..FAILURES {
            let circuit = &balancer.instances[index].circuit;
            circuit.admit().unwrap().failed("refused");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn instances_that_do_equally_well_are_asked_equally_often() {
        for count in shares(&three(), 3000, noisy).await {
            assert!((850..=1150).contains(&count), "{count}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_of_weight_5_beside_95_gets_about_5_percent() {
        let balancer = balancer("http://a;w=95,http://b;w=5");
        let counts = shares(&balancer, 4000, noisy).await;
        assert!((140..=260).contains(&counts[1]), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_gets_its_share_when_many_requests_are_in_flight() {
        let balancer = balancer("http://a;w=95,http://b;w=5");
        let mut in_flight = std::collections::VecDeque::new();
        let mut canary = 0;
        for _ in 0..4000 {
            let chosen = balancer.choose();
            canary += u32::from(chosen.index == 1);
            in_flight.push_back(chosen.instance.load.begin());
            chosen.instance.load.observe(2 * MS);
            if in_flight.len() > 40 {
                in_flight.pop_front();
            }
        }
        assert!((120..=260).contains(&canary), "{canary}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_instance_is_asked_once_in_a_while() {
        let latency = |index| if index == 2 { 50 * MS } else { 2 * MS };
        let counts = shares(&three(), 3000, latency).await;
        assert!((1..=15).contains(&counts[2]), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_canary_is_asked_less_than_its_share() {
        let balancer = balancer("http://a;w=60,http://b;w=40");
        let latency = |index| if index == 1 { 50 * MS } else { 2 * MS };
        let counts = shares(&balancer, 2000, latency).await;
        assert!(counts[1] <= 15, "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_refuses_at_once_does_not_look_fast() {
        let balancer = three();
        let mut refused = 0;
        for _ in 0..3000 {
            let chosen = balancer.choose();
            let latency = if chosen.index == 2 { REFUSED } else { 2 * MS };
            refused += u32::from(chosen.index == 2);
            tokio::time::advance(MS).await;
            chosen.instance.load.observe(latency);
            chosen.permit.unwrap().succeeded();
        }
        assert!((1..=3).contains(&refused), "{refused}");
    }

    const REFUSED: Duration = crate::load::REFUSAL;

    #[tokio::test(start_paused = true)]
    async fn an_ejected_instance_is_left_alone_until_its_pause_is_over() {
        let balancer = three();
        eject(&balancer, 1);
        assert_eq!(balancer.circuit(), CircuitState::Closed);
        for _ in 0..100 {
            assert_ne!(balancer.choose().index, 1);
        }
        tokio::time::advance(FIRST_PAUSE).await;
        let mut tried = (0..100)
            .map(|_| balancer.choose())
            .filter(|chosen| chosen.index == 1);
        let probe = tried.next().expect("it is tried again");
        probe.permit.unwrap().succeeded();
        assert!(tried.next().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_ejected_all_are_asked_and_one_that_answers_is_back() {
        let balancer = three();
        (0..3).for_each(|index| eject(&balancer, index));
        assert_eq!(balancer.circuit(), CircuitState::Open);
        let asked: std::collections::BTreeSet<_> =
            (0..100).map(|_| balancer.choose().index).collect();
        assert_eq!(asked.len(), 3);
        assert!(balancer.choose_again(0).is_none(), "no storm of retries");
        let chosen = balancer.choose();
        let index = chosen.index;
        chosen.permit.unwrap().succeeded();
        for _ in 0..100 {
            assert_eq!(balancer.choose().index, index);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_only_instance_is_refused_while_its_circuit_is_open() {
        let balancer = balancer("http://a");
        assert_eq!(balancer.choose_again(0).map(|chosen| chosen.index), Some(0));
        eject(&balancer, 0);
        assert!(balancer.choose().permit.is_err());
        assert!(balancer.choose_again(0).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_sent_again_to_another_instance() {
        let balancer = three();
        for _ in 0..100 {
            assert_ne!(balancer.choose_again(1).unwrap().index, 1);
        }
        eject(&balancer, 0);
        eject(&balancer, 2);
        assert!(balancer.choose_again(1).is_none());
    }
}
