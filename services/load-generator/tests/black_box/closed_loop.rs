//! Users: what they do, in which shares, and that they wait for answers.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::time::Instant;

use crate::generator::{Generator, run};
use crate::stand_in::{Asked, Reply, StandIn, short_of};

const LIST: &str = "/api/products";

/// The first requests of one user who never thinks.
fn requests(seed: u64, count: usize) -> Vec<Asked> {
    let shop = StandIn::good();
    let arguments = format!("--users 1 --pause 0s --forever --seed {seed}");
    let generator = Generator::start(&shop, &arguments);
    shop.wait_for(count);
    generator.interrupt();
    let mut asked = shop.asked();
    asked.truncate(count);
    asked
}

fn without_key(asked: &[Asked]) -> Vec<(&Method, &str, &str)> {
    asked
        .iter()
        .map(|asked| (&asked.method, asked.path.as_str(), asked.body.as_str()))
        .collect()
}

fn keys(asked: &[Asked]) -> BTreeSet<&String> {
    asked
        .iter()
        .filter_map(|asked| asked.key.as_ref())
        .collect()
}

#[test]
fn a_seed_repeats_the_requests_of_a_user_and_another_seed_does_not() {
    let (first, second) = (requests(7, 1000), requests(7, 1000));
    assert_eq!(without_key(&first), without_key(&second));
    assert_ne!(without_key(&first), without_key(&requests(8, 1000)));
}

#[test]
fn a_repeated_run_makes_new_orders() {
    let (first, second) = (requests(7, 500), requests(7, 500));
    let orders = first
        .iter()
        .filter(|asked| asked.method == Method::POST)
        .count();
    assert_eq!(
        keys(&first).len(),
        orders,
        "each order has a key of its own"
    );
    assert!(keys(&first).is_disjoint(&keys(&second)));
}

#[test]
fn the_shares_are_those_of_the_original() {
    let asked = requests(7, 5000);
    let count =
        |wanted: &dyn Fn(&Asked) -> bool| asked.iter().filter(|asked| wanted(asked)).count();
    let rounds = count(&|asked| asked.path == LIST);
    let share = |part: usize| 100 * part / rounds;

    let unknown = count(&|asked| asked.path == "/api/products/no-such-product");
    assert!(
        (4..=6).contains(&share(unknown)),
        "5 % of {rounds}, not {unknown}"
    );
    let orders = count(&|asked| asked.method == Method::POST);
    assert!(
        (28..=32).contains(&share(orders)),
        "30 % of {rounds}, not {orders}"
    );
    let quantities = asked.iter().filter(|asked| asked.method == Method::POST);
    let quantities: BTreeSet<_> = quantities
        .map(|asked| serde_json::from_str::<Value>(&asked.body).unwrap()["quantity"].as_u64())
        .collect();
    assert!(
        quantities.into_iter().eq((1..=5).map(Some)),
        "1 to 5 pieces"
    );

    for pair in asked.windows(2) {
        if pair[0].path == LIST {
            assert!(
                pair[1].path.starts_with("/api/products/"),
                "a look follows the list"
            );
        }
        if pair[1].method == Method::POST {
            assert!(
                pair[0].path.starts_with("/api/products/"),
                "an order follows a look"
            );
        }
    }
}

#[test]
fn users_wait_for_their_answers() {
    let shop = StandIn::good();
    let generator = Generator::start(&shop, "--users 3 --pause 0s --forever");
    shop.wait_for(1000);
    generator.interrupt();
    assert!(
        (1..=3).contains(&shop.most_under_way()),
        "{}",
        shop.most_under_way()
    );
}

#[test]
fn users_think_between_their_rounds() {
    let shop = StandIn::good();
    let begun = Instant::now();
    let generator = Generator::start(&shop, "--users 1 --orders 0 --pause 20ms..30ms --forever");
    // Eleven rounds of two requests, with ten pauses in between.
    shop.wait_for(21);
    assert!(
        begun.elapsed() >= Duration::from_millis(200),
        "{:?}",
        begun.elapsed()
    );
    generator.interrupt();
}

#[test]
fn a_product_is_restocked_only_with_that_flag() {
    let sold_out = || {
        StandIn::with(|_, asked| match asked.method {
            Method::POST => short_of(asked),
            _ => Reply::Good,
        })
    };
    let restocks = |asked: &[Asked]| {
        asked
            .iter()
            .filter(|asked| asked.method == Method::PUT)
            .count()
    };

    let shop = sold_out();
    let arguments = "--users 1 --orders-only --pause 0s --duration 200ms --max-error-rate 0";
    let ended = run(&shop, &format!("{arguments} --restock"));
    let report = ended.report();
    let orders = &report["endpoints"]["POST /api/orders"];
    assert_eq!(orders["expected"]["short stock"], orders["requests"]);
    let restocked = report["endpoints"]["PUT /api/inventory/{id}"]["requests"].as_u64();
    assert_eq!(restocked, u64::try_from(restocks(&shop.asked())).ok());
    assert_eq!(orders["requests"].as_u64(), restocked);
    assert_eq!(ended.code, 0, "{ended:?}");

    let shop = sold_out();
    run(&shop, arguments);
    assert_eq!(restocks(&shop.asked()), 0);
}
