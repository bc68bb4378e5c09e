//! The open loop: a fixed rate, at which queueing shows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::generator::run;
use crate::stand_in::{OPENING, Reply, StandIn};

fn orders(report: &Value) -> &Value {
    &report["endpoints"]["POST /api/orders"]
}

fn latency(report: &Value, quantile: &str) -> f64 {
    orders(report)["latency_ms"][quantile].as_f64().unwrap()
}

#[test]
fn each_request_of_the_schedule_starts_and_the_mix_is_that_of_the_users() {
    let shop = StandIn::good();
    let ended = run(
        &shop,
        "--rate 500 --duration 1s --seed 7 --max-error-rate 0",
    );
    assert_eq!(ended.code, 0, "{ended:?}");
    let report = ended.report();
    assert_eq!(
        (&report["mode"], &report["requested_rate"]),
        (&"open".into(), &500.0.into())
    );
    assert_eq!(report["requests"], 500);
    assert_eq!(shop.asked().len(), 500);
    let looks = shop
        .asked()
        .iter()
        .filter(|asked| asked.path.starts_with("/api/products/"))
        .count();
    assert!(
        (200..=230).contains(&looks),
        "one of 2.3 requests, not {looks} of 500"
    );
}

#[test]
fn only_orders_with_that_flag() {
    let shop = StandIn::good();
    run(&shop, "--rate 200 --duration 200ms --orders-only");
    assert_eq!(shop.asked().len(), 40);
    assert!(
        shop.asked()
            .iter()
            .all(|asked| asked.method == Method::POST)
    );
}

/// Nothing is answered until the fiftieth request has arrived, and that one starts 490 ms after
/// the first. So the first waits for 490 ms, the second for 480, and so on: of a hundred
/// requests eleven took 390 ms or longer. A loop that waits for answers never sends the fiftieth.
#[test]
fn it_starts_requests_while_earlier_ones_wait() {
    let shop = StandIn::with(|number, _| match number {
        0..OPENING => Reply::Good,
        _ => Reply::HoldUntil(OPENING + 50),
    });
    let report = run(&shop, "--rate 100 --duration 1s --orders-only").report();
    assert_eq!(
        (&report["requests"], &report["failed"]),
        (&100.into(), &0.into())
    );
    assert!(shop.most_under_way() >= 50);
    assert!(latency(&report, "max") >= 490.0, "{report}");
    assert!(latency(&report, "p90") >= 389.0, "{report}");
}

/// One request is stalled for half a second while only one may be in flight. The other 49 that were
/// due meanwhile are fast on the wire; their users still had to wait.
#[test]
fn waiting_for_a_free_place_counts() {
    let stalled = AtomicBool::new(false);
    let shop = StandIn::with(move |_, asked| {
        let first = asked.method == Method::POST && !stalled.swap(true, Ordering::Relaxed);
        if first {
            Reply::Stall(Duration::from_millis(500))
        } else {
            Reply::Good
        }
    });
    let arguments = "--rate 100 --duration 1s --orders-only --max-in-flight 1";
    let report = run(&shop, arguments).report();
    assert_eq!(
        (&report["requests"], &report["failed"]),
        (&100.into(), &0.into())
    );
    assert_eq!(shop.most_under_way(), 1);
    assert!(latency(&report, "p90") >= 389.0, "{report}");
    assert!(
        report["started_late_ms"]["p90"].as_f64().unwrap() >= 389.0,
        "{report}"
    );
}

#[test]
fn a_request_that_never_found_a_place_has_failed() {
    let shop = StandIn::with_orders(Reply::Never);
    let arguments = "--rate 100 --duration 500ms --orders-only --max-in-flight 2 --timeout 600ms";
    let ended = run(&shop, &format!("{arguments} --max-error-rate 0.5"));
    let report = ended.report();
    assert_eq!(
        (&report["requests"], &report["failed"]),
        (&50.into(), &50.into())
    );
    let failed = &orders(&report)["failed"];
    assert_eq!(
        (&failed["timeout"], &failed["not started"]),
        (&2.into(), &48.into())
    );
    assert_eq!(ended.code, 1);
}
