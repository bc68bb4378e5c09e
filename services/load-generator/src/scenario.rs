//! What users do in the shop: random choices that follow from a seed.

use std::time::Duration;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::args::{Args, Pause};
use crate::step::Step;

/// The choices of one user. The random numbers are the same on every machine and in every version
/// (ChaCha with eight rounds), so a seed repeats a run.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    random: ChaCha8Rng,
    deliberate_errors: f64,
    orders: f64,
    orders_only: bool,
    largest_order: u32,
    pause: Pause,
}

impl Scenario {
    pub(crate) fn new(args: &Args, seed: u64, user: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(user);
        Self {
            random,
            deliberate_errors: args.deliberate_errors,
            orders: args.orders,
            orders_only: args.orders_only,
            largest_order: args.largest_order,
            pause: args.pause,
        }
    }

    /// Whether a round begins with a look at the list.
    pub(crate) const fn lists(&self) -> bool {
        !self.orders_only
    }

    /// What a user does after the list: looks at a product, and perhaps buys it.
    pub(crate) fn round(&mut self, products: &[String]) -> Vec<Step> {
        let mut steps = Vec::with_capacity(2);
        let Some(product) = products.choose(&mut self.random) else {
            return steps;
        };
        if !self.orders_only {
            let nothing = self.random.random_bool(self.deliberate_errors);
            steps.push(if nothing {
                Step::LookForNothing
            } else {
                Step::Look(product.clone())
            });
        }
        if self.orders_only || self.random.random_bool(self.orders) {
            let quantity = self.random.random_range(1..=self.largest_order);
            steps.push(Step::Buy {
                product: product.clone(),
                quantity,
            });
        }
        steps
    }

    /// How long a user thinks before the next round.
    pub(crate) fn pause(&mut self) -> Duration {
        let Pause { shortest, longest } = self.pause;
        self.random.random_range(shortest..=longest)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn rounds(seed: u64, user: u64) -> Vec<Step> {
        let args = Args::parse_from(["load-generator"]);
        let mut scenario = Scenario::new(&args, seed, user);
        let products = ["a".to_owned(), "b".to_owned()];
        (0..10_000)
            .flat_map(|_| scenario.round(&products))
            .collect()
    }

    #[test]
    fn a_seed_repeats_a_users_choices_and_users_differ() {
        assert_eq!(rounds(7, 0), rounds(7, 0));
        assert_ne!(rounds(7, 0), rounds(7, 1));
        assert_ne!(rounds(7, 0), rounds(8, 0));
    }

    #[test]
    fn the_shares_are_those_of_the_original() {
        let steps = rounds(7, 0);
        let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
        let errors = count(|step| *step == Step::LookForNothing);
        assert!((400..600).contains(&errors), "5 % of 10,000, not {errors}");
        let orders = count(|step| matches!(step, Step::Buy { .. }));
        assert!(
            (2_800..3_200).contains(&orders),
            "30 % of 10,000, not {orders}"
        );
        let pieces = |step: &Step| match step {
            Step::Buy { quantity, .. } => Some(*quantity),
            _ => None,
        };
        let pieces: std::collections::BTreeSet<_> = steps.iter().filter_map(pieces).collect();
        assert_eq!(pieces.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
}
