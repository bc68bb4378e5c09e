//! OpenMetrics: what a scraper gets that asks for it, and the exemplars in it.

use std::collections::BTreeMap;

use harness::openmetrics::{Exemplar, Exposition, parse};
use harness::{Http, Receiver, ReceiverMode, Shop, ShopOptions, eventually};
use http::Method;
use serde_json::json;

const SERVER_REQUESTS: &str = "http_server_requests_seconds";
const CLIENT_REQUESTS: &str = "http_client_requests_seconds";

/// Families under their names in OpenMetrics: a counter's has no `_total`.
const COMMON: &[(&str, &str)] = &[
    (SERVER_REQUESTS, "histogram"),
    ("http_server_requests_in_flight", "gauge"),
    ("app_info", "gauge"),
    ("telemetry_spans_dropped", "counter"),
    ("telemetry_logs_dropped", "counter"),
    ("process_cpu_seconds", "counter"),
    ("process_resident_memory_bytes", "gauge"),
    ("tokio_busy_seconds", "counter"),
];

/// What each service has beside them.
const OWN: &[(&str, &[(&str, &str)])] = &[
    ("frontend", &[(CLIENT_REQUESTS, "histogram")]),
    ("gateway-service", &[(CLIENT_REQUESTS, "histogram")]),
    ("product-service", &[]),
    ("inventory-service", &[("shop_stock_units", "gauge")]),
    (
        "order-service",
        &[
            (CLIENT_REQUESTS, "histogram"),
            ("shop_orders", "counter"),
            ("shop_order_value", "counter"),
        ],
    ),
];

/// What Prometheus 3 sends.
const PROMETHEUS_ACCEPT: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
    application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
    text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

async fn openmetrics(http: &Http) -> Exposition {
    let headers = [("accept", PROMETHEUS_ACCEPT)];
    let answer = http.send(Method::GET, "/metrics", &headers, "").await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    parse(std::str::from_utf8(&answer.body).expect("UTF-8"))
}

#[tokio::test(flavor = "multi_thread")]
async fn openmetrics_is_valid_and_tells_the_same_families() {
    let shop = Shop::start();
    for quantity in [1, 2, 1000] {
        shop.buy("product1", quantity).await;
    }
    shop.frontend().get("/api/orders").await;
    for (service, own) in OWN {
        let http = shop.http(service);
        let exposition = openmetrics(&http).await;
        for (name, kind) in COMMON.iter().chain(*own) {
            let family = exposition.families.get(*name);
            let family = family.unwrap_or_else(|| panic!("{service} has no {name}"));
            assert_eq!(family.kind, *kind, "{service} {name}");
        }
        assert_eq!(
            exposition.families[SERVER_REQUESTS].unit.as_deref(),
            Some("seconds")
        );
        // Whoever asks for nothing in particular gets the older text.
        let text = http
            .send(Method::GET, "/metrics", &[("accept", "*/*")], "")
            .await;
        assert_eq!(
            text.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemplar_is_the_trace_of_a_sampled_request_of_that_duration() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let unsampled = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{unsampled}-b7ad6b7169203331-00");
    let sampled = shop.buy("product1", 1).await;
    assert_eq!(sampled.status, 201);
    let wish = json!({ "productId": "product2", "quantity": 1 });
    let headers = [("traceparent", parent.as_str())];
    let answer = shop
        .gateway()
        .post_with("/api/orders", &headers, &wish)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.trace_id().as_str()),
        (201, unsampled)
    );
    let trace = sampled.trace_id();
    eventually("the spans have come", async || {
        let spans = receiver.trace(&trace).len();
        (spans >= 21).then_some(()).ok_or(spans)
    })
    .await;
    let spans = receiver.trace(&trace);
    let table = [
        ("gateway-service", SERVER_REQUESTS, "POST", "/api/orders", 2),
        ("gateway-service", CLIENT_REQUESTS, "POST", "/orders", 3),
        ("order-service", SERVER_REQUESTS, "POST", "/orders", 2),
        (
            "order-service",
            CLIENT_REQUESTS,
            "POST",
            "/inventory/reservations",
            3,
        ),
        (
            "inventory-service",
            SERVER_REQUESTS,
            "POST",
            "/inventory/reservations",
            2,
        ),
        (
            "product-service",
            SERVER_REQUESTS,
            "GET",
            "/products/{id}",
            2,
        ),
    ];
    for (service, family, method, uri, kind) in table {
        let exposition = openmetrics(&shop.http(service)).await;
        let exemplars: Vec<&Exemplar> = exposition.families[family]
            .samples
            .iter()
            .filter(|sample| sample.labels.get("uri").is_some_and(|found| found == uri))
            .filter_map(|sample| sample.exemplar.as_ref())
            .collect();
        // Of all requests on this route one was sampled.
        assert_eq!(
            exemplars.len(),
            1,
            "{service} {family} {uri}: {exemplars:?}"
        );
        let exemplar = exemplars[0];
        assert_eq!(
            exemplar.labels,
            BTreeMap::from([("trace_id".to_owned(), trace.clone())])
        );
        let name = format!("{method} {uri}");
        let span = spans.iter().find(|record| {
            record.service == service && record.span.kind == kind && record.span.name == name
        });
        let span = &span.unwrap_or_else(|| panic!("no span {name}")).span;
        let nanos = span.end_time_unix_nano - span.start_time_unix_nano;
        let seconds = std::time::Duration::from_nanos(nanos).as_secs_f64();
        // The span is begun before the clock of the histogram and ended after it was read.
        assert!(
            exemplar.value <= seconds + 0.001,
            "{service} {name}: {} observed, the span took {seconds}",
            exemplar.value
        );
    }
    for (service, _) in OWN {
        for family in openmetrics(&shop.http(service)).await.families.values() {
            for exemplar in family
                .samples
                .iter()
                .filter_map(|sample| sample.exemplar.as_ref())
            {
                assert_ne!(exemplar.labels["trace_id"], unsampled);
            }
        }
    }
}
