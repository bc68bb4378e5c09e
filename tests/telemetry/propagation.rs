//! What the edge sends on of a caller's trace context and baggage: all that is well formed, and
//! nothing else.

use harness::stand_in::{Behaviour, StandIn};
use harness::{Http, Process};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A gateway before a stand-in for the product service.
struct Edge {
    http: Http,
    product: StandIn,
    _gateway: Process,
}

impl Edge {
    async fn start() -> Self {
        let product = StandIn::start().await;
        product.set("/products", Behaviour::Answer(StatusCode::OK, json!([])));
        let url = product.url().into();
        let gateway = Process::start("gateway-service", &[("PRODUCT_SERVICE_URL", url)]);
        Self {
            http: Http::new(gateway.address()),
            product,
            _gateway: gateway,
        }
    }

    /// Sends these headers; those that arrive at the product service.
    async fn sent_on(&self, headers: &[(&str, &str)]) -> HeaderMap {
        let answer = self
            .http
            .send(Method::GET, "/api/products", headers, "")
            .await;
        assert_eq!(answer.status, 200);
        self.product.headers("/products").expect("a request")
    }

    /// Sends these lines of a header below a good `traceparent`; the lines that arrive.
    async fn lines_sent_on(&self, name: &str, lines: &[&str]) -> Vec<String> {
        let mut headers = vec![("traceparent", PARENT)];
        headers.extend(lines.iter().map(|line| (name, *line)));
        let arrived = self.sent_on(&headers).await;
        let parent = arrived["traceparent"].to_str().expect("ASCII");
        assert_eq!(&parent[3..35], TRACE, "{name}: {lines:?}");
        let lines = arrived.get_all(name).iter();
        lines
            .map(|line| line.to_str().expect("ASCII").to_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn well_formed_baggage_goes_on_in_its_order_and_nothing_else_does() {
    let edge = Edge::start().await;
    let giant = format!("k={}", "x".repeat(10_000));
    let (most, many) = (["k=v"; 180].join(","), "k=v,".repeat(181));
    let kept = "user=alice;level=1,session=%C3%A9,a=1,b=2,a=3";
    for (lines, arrived) in [
        (&[kept][..], &[kept][..]),
        (&["a=1", "b=2"], &["a=1,b=2"]),
        (&[giant.as_str()], &[]),
        (&["a=1", giant.as_str(), "b=2"], &[]),
        (&[most.as_str()], &[most.as_str()]),
        (&[many.as_str()], &[]),
        (&[""], &[]),
        (&["no pair"], &[]),
        (&["=;=, k=v ,,k=\"v\",{k}=v"], &["k=v"]),
    ] {
        let found = edge.lines_sent_on("baggage", lines).await;
        assert_eq!(found, arrived, "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_of_tracestate_goes_on_and_an_empty_or_malformed_one_does_not() {
    let edge = Edge::start().await;
    for (lines, arrived) in [
        (&[][..], &[][..]),
        (&["z=1,a=2"], &["z=1,a=2"]),
        (&["z=1", "t@v=2 , a=3"], &["z=1,t@v=2,a=3"]),
        (&[""], &[]),
        (&["", " ,"], &[]),
        (&["no pair"], &[]),
        (&["a=1", "=2"], &[]),
    ] {
        let found = edge.lines_sent_on("tracestate", lines).await;
        assert_eq!(found, arrived, "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_parent_or_request_id_is_replaced_by_one_of_ours() {
    let edge = Edge::start().await;
    for (parent, id) in [
        ("00-1-1-01", "two words"),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "a;b",
        ),
        ("", ""),
    ] {
        let headers = [
            ("traceparent", parent),
            ("tracestate", "a=1"),
            ("x-request-id", id),
        ];
        let arrived = edge.sent_on(&headers).await;
        for (name, malformed) in [("traceparent", parent), ("x-request-id", id)] {
            let lines: Vec<_> = arrived.get_all(name).iter().collect();
            assert_eq!(lines.len(), 1, "{name}");
            assert_ne!(lines[0], malformed, "{name}");
        }
        let parent = arrived["traceparent"].to_str().expect("ASCII");
        assert_eq!(parent.len(), PARENT.len());
        assert_ne!(&parent[3..35], TRACE);
        assert!(!arrived.contains_key("tracestate"), "its parent is gone");
    }
}
