//! What is a failure, what is not, and that an example leads to its trace.

use http::Method;
use serde_json::{Value, json};

use crate::generator::{Generator, run};
use crate::stand_in::{Reply, StandIn, order, problem, trace_id};

const ORDERS: &str = "--users 1 --orders-only --pause 0s --duration 200ms";

fn orders(report: &Value) -> &Value {
    &report["endpoints"]["POST /api/orders"]
}

/// The only kind of failure of the orders, all of which failed.
fn the_failure(report: &Value) -> (String, Value) {
    let orders = orders(report);
    let failed = orders["failed"].as_object().unwrap();
    assert_eq!(failed.len(), 1, "{report}");
    let (kind, count) = failed.iter().next().unwrap();
    assert_eq!(*count, orders["requests"], "{report}");
    (kind.clone(), orders["examples"][kind].clone())
}

#[test]
fn deliberate_errors_are_counted_apart() {
    let shop = StandIn::good();
    let arguments = "--users 1 --pause 0s --orders 0 --deliberate-errors 1 --duration 200ms";
    let ended = run(&shop, &format!("{arguments} --max-error-rate 0"));
    let report = ended.report();
    let details = &report["endpoints"]["GET /api/products/{id}"];
    assert!(details["requests"].as_u64().unwrap() > 0);
    assert_eq!(details["expected"]["unknown product"], details["requests"]);
    assert_eq!(report["expected"], details["requests"]);
    assert_eq!((&report["failed"], ended.code), (&0.into(), 0));
}

#[test]
fn an_unknown_product_that_is_found_is_a_failure() {
    let shop = StandIn::with(|_, asked| match asked.path.as_str() {
        "/api/products/no-such-product" => Reply::Other(
            200,
            json!({"id": "no-such-product", "name": "A", "price": 1.00}),
        ),
        _ => Reply::Good,
    });
    let arguments = "--users 1 --pause 0s --orders 0 --deliberate-errors 1 --duration 200ms";
    let report = run(&shop, arguments).report();
    let details = &report["endpoints"]["GET /api/products/{id}"];
    assert_eq!(details["failed"]["status 200"], details["requests"]);
    assert_eq!(report["expected"], 0);
}

#[test]
fn a_total_that_is_not_quantity_times_price_is_a_bad_body() {
    let shop = StandIn::with(|_, asked| match asked.method {
        Method::POST => {
            let mut order = order(asked);
            order["totalPrice"] = json!(order["totalPrice"].as_f64().unwrap() + 0.01);
            Reply::Other(201, order)
        }
        _ => Reply::Good,
    });
    let (kind, example) = the_failure(&run(&shop, &format!("{ORDERS} --largest-order 1")).report());
    assert_eq!(kind, "bad body");
    assert_eq!(example["status"], 201);
    assert_eq!(example["detail"], "1 x 10.99 is 10.99, not 11");
}

#[test]
fn an_example_leads_to_its_trace() {
    let detail = "The order service is down.\u{1b}[2J Try again.";
    let down = problem(503, "Service unavailable", detail);
    let shop = StandIn::with_orders(Reply::Other(503, down));
    let (kind, example) = the_failure(&run(&shop, ORDERS).report());
    assert_eq!(kind, "status 503");
    let detail = "The order service is down.[2J Try again.";
    // The opening are 0 and 1, the user's first list is 2.
    let expected = json!({"status": 503, "detail": detail, "trace_id": trace_id(3)});
    assert_eq!(example, expected);
}

#[test]
fn a_timeout_a_broken_and_a_refused_connection_are_told_apart() {
    let shop = StandIn::with_orders(Reply::Never);
    let (kind, _) = the_failure(&run(&shop, &format!("{ORDERS} --timeout 50ms")).report());
    assert_eq!(kind, "timeout");

    let shop = StandIn::with_orders(Reply::Break);
    let (kind, _) = the_failure(&run(&shop, ORDERS).report());
    assert_eq!(kind, "broken");

    let shop = StandIn::good();
    let arguments = "--users 1 --orders-only --pause 10ms --duration 2s";
    let generator = Generator::start(&shop, arguments);
    shop.wait_for(2);
    shop.close();
    let report = generator.end().report();
    let refused = orders(&report)["failed"]["connect"].as_u64();
    assert!(refused.is_some_and(|count| count > 0), "{report}");
}
