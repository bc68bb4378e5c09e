//! A shop that nobody uses costs next to nothing, however much the launcher has kept.

use std::time::Duration;

use harness::eventually;
use serde_json::{Value, json};

use crate::opened::Launcher;

/// Their 30,000 spans are all kept, and most of the orders are not shown.
const ORDERS: u32 = 3000;

/// How many traces are sent at once: some 800 KB.
const BATCH: u32 = 100;

/// The spans of a complete order, about as large as those of the services.
fn order(number: u32) -> Vec<Value> {
    let attribute = |index: usize| {
        let value = json!({ "stringValue": "a value of the usual length" });
        json!({ "key": format!("attribute.{index}"), "value": value })
    };
    let attributes: Vec<_> = (0..8).map(attribute).collect();
    let span = |index: u32| {
        json!({
            "traceId": format!("{:032x}", 0xabc_0000_0000_u64 + u64::from(number)),
            "spanId": format!("{:016x}", index + 1),
            "parentSpanId": if index == 0 { String::new() } else { format!("{index:016x}") },
            "name": if index == 1 { "create_order" } else { "step" },
            "startTimeUnixNano": "1", "endTimeUnixNano": "2",
            "attributes": attributes,
        })
    };
    (0..10).map(span).collect()
}

/// How many orders the launcher has shown, or counted as left out.
fn shown(lines: &[String]) -> u32 {
    let left_out = |line: &String| -> Option<u32> {
        let count = line.strip_prefix('(')?.split(' ').next()?;
        count.parse().ok()
    };
    lines
        .iter()
        .map(|line| left_out(line).unwrap_or(u32::from(line.contains("  trace "))))
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launcher_without_traffic_rests_whatever_it_has_kept() {
    let shop = Launcher::open(&[], &[]).await;
    let receiver = shop.launcher.http(4318);
    for first in (0..ORDERS).step_by(BATCH as usize) {
        let spans: Vec<_> = (first..first + BATCH).flat_map(order).collect();
        let export = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
        assert_eq!(receiver.post("/v1/traces", &export).await.status, 200);
    }
    eventually("every order is shown or counted", async || {
        let shown = shown(&shop.launcher.process.lines());
        if shown == ORDERS { Ok(()) } else { Err(shown) }
    })
    .await;
    let before = shop.launcher.process.processor_time();
    // The time over which is measured; nothing is waited for.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = shop.launcher.process.processor_time();
    let used = after.saturating_sub(before);
    assert!(used <= Duration::from_millis(50), "{used:?} in 2 s");
}
