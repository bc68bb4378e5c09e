//! The sound inputs that are mutated.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// A request with a body of the length that it says.
pub(crate) fn request(line: &str, headers: &[u8], body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{line} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    [head.as_bytes(), headers, b"\r\n", body].concat()
}

/// One of some byte strings.
pub(crate) fn one<'a>(random: &mut StdRng, seeds: &[&'a [u8]]) -> &'a [u8] {
    seeds.choose(random).copied().expect("seeds")
}

/// Whole requests to the gateway.
pub(crate) const REQUESTS: [&[u8]; 7] = [
    b"GET /api/products HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n",
    b"GET /api/orders?limit=3&after=01939f8e-5f5a-7cc3-98c4-dc0c0c07398f HTTP/1.1\r\nhost: shop\r\naccept: */*\r\n\r\n",
    b"HEAD /api/inventory/product1 HTTP/1.1\r\nhost: shop\r\nx-request-id: abc\r\n\r\n",
    b"POST /api/orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\nidempotency-key: k1\r\ncontent-length: 38\r\n\r\n{\"productId\":\"product1\",\"quantity\":1}\n",
    b"PUT /api/inventory/product2 HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{\"quanti\r\n8;x=y\r\nty\":100}\r\n0\r\nt: 1\r\n\r\n",
    b"GET /metrics HTTP/1.0\r\naccept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1\r\n\r\n",
    b"GET /api/products/product1 HTTP/1.1\r\nhost: shop\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: a=b,c=d\r\nbaggage: k=v;p,x=%20y\r\n\r\nGET /health HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n",
];

/// Calls that take a JSON body, each with one.
pub(crate) const BODIES: [(&str, &[u8]); 3] = [
    (
        "POST /api/orders",
        br#"{"productId":"product1","quantity":3}"#,
    ),
    (
        "POST /api/products",
        br#"{"name":"Caf\u00e9 \ud83d\ude00 \"x\"","price":10.99}"#,
    ),
    (
        "PUT /api/inventory/product3",
        br#"{"quantity":1.5e2,"unknown":[{"a":null},true,-0.0]}"#,
    ),
];

/// Headers that the services read.
pub(crate) const HEADERS: [(&str, &[u8]); 8] = [
    (
        "traceparent",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
    (
        "traceparent",
        b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ),
    ("tracestate", b"vendor=value,t1@v2=%20x"),
    ("baggage", b"user=alice;property=1,session=%C3%A9"),
    ("x-request-id", b"01939f8e-5f5a-7cc3-98c4-dc0c0c07398f"),
    (
        "idempotency-key",
        b"\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
    ),
    ("content-type", b"application/json; charset=\"utf-8\""),
    (
        "accept",
        b"application/openmetrics-text; version=1.0.0; q=0.9, */*;q=0.1",
    ),
];

/// Targets with a query or an id.
pub(crate) const TARGETS: [&[u8]; 6] = [
    b"/api/orders?limit=50&after=01939f8e-5f5a-7cc3-98c4-dc0c0c07398f",
    b"/api/orders?limit=500",
    b"/api/products/product1",
    b"/api/inventory/%70roduct2",
    b"/api/orders/01939f8e-5f5a-7cc3-98c4-dc0c0c07398f",
    b"/traces/4bf92f3577b34da6a3ce929d0e0e4736",
];

/// Spans in both encodings of OTLP.
pub(crate) const SPANS: [(&str, &[u8]); 2] = [
    ("application/json", br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"page"}}]},"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"click","kind":1,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#),
    ("application/x-protobuf", b"\x0a\x28\x12\x26\x12\x24\x0a\x10\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36\x12\x08\x00\xf0\x67\xaa\x0b\xa9\x02\xb7\x2a\x05click"),
];
