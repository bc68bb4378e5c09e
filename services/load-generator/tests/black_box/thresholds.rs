//! Thresholds: the exit code, and by how much a threshold was missed.

use crate::generator::{command, run};
use crate::stand_in::{Reply, StandIn, problem};

const ORDERS: &str = "--users 1 --orders-only --pause 0s --duration 200ms";

#[test]
fn a_run_within_its_thresholds_succeeds() {
    let limits = "--max-error-rate 0 --max-p99 60s --min-rate 1";
    let ended = run(&StandIn::good(), &format!("{ORDERS} {limits}"));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.report()["missed_thresholds"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn each_missed_threshold_is_reported_with_by_how_much() {
    let down = Reply::Other(503, problem(503, "Service unavailable", "It is down."));
    let shop = StandIn::with_orders(down);
    let limits = "--max-error-rate 0.01 --max-p99 1us --min-rate 1000000";
    let ended = run(&shop, &format!("{ORDERS} {limits}"));
    assert_eq!(ended.code, 1);
    for expected in [
        "above 0.01",
        "the p99 of POST /api/orders is",
        "below 1000000",
    ] {
        assert!(
            ended.errors.contains(expected),
            "{expected}: {}",
            ended.errors
        );
    }
    let missed = ended.report()["missed_thresholds"]
        .as_array()
        .unwrap()
        .len();
    // The list has a p99, too.
    assert_eq!(missed, 4, "{}", ended.output);
}

#[test]
fn a_p99_of_one_endpoint_is_for_that_endpoint() {
    let p99 = |limits: &[&str]| {
        let shop = StandIn::with_orders(Reply::Stall(std::time::Duration::from_millis(30)));
        let mut command = command(&shop);
        let arguments = ORDERS.split_whitespace();
        let output = command.args(arguments).args(limits).output().unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(p99(&["--max-p99", "POST /api/orders=20ms"]), 1);
    assert_eq!(
        p99(&[
            "--max-p99",
            "POST /api/orders=60s",
            "--max-p99",
            "GET /api/products=60s"
        ]),
        0
    );
    // There was no such request, so there is no p99.
    assert_eq!(p99(&["--max-p99", "GET /api/products/{id}=60s"]), 1);
}
