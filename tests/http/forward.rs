//! What a service that passes requests on changes about them: the ids are its own request's, `Via`
//! names it, and no request passes it twice.

use std::net::TcpListener as StdListener;

use harness::{Answer, Process, Raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A gateway, and the place of the product service, where the test itself answers.
struct Stage {
    gateway: Process,
    place: TcpListener,
}

impl Stage {
    async fn set() -> Self {
        let place = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", place.local_addr().expect("an address"));
        let environment = [("PRODUCT_SERVICE_URL", url.into())];
        let gateway = Process::start("gateway-service", &environment);
        Self { gateway, place }
    }

    /// Asks the gateway for the products with these header lines, and answers it with those; the
    /// head of the request as it went on, in lower case, and the answer as it came back.
    async fn pass(&self, lines: &str, answered: &str) -> (String, Answer) {
        let mut client = Raw::connect(self.gateway.address()).await;
        let head = "GET /api/products HTTP/1.1\r\nhost: shop\r\n";
        client
            .send(format!("{head}{lines}\r\n"))
            .await
            .expect("sent");
        let (mut service, _) = self.place.accept().await.expect("the gateway");
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            assert_ne!(service.read_buf(&mut read).await.expect("a head"), 0);
        }
        let end = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close";
        let answer = format!("HTTP/1.1 200 OK\r\n{answered}{end}\r\n\r\n[]");
        service.write_all(answer.as_bytes()).await.expect("sent");
        let answer = client.answer().await.expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        let head = String::from_utf8(read).expect("text");
        (head.to_lowercase(), answer)
    }
}

/// The values of a header in a head.
fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn via_names_the_gateway_behind_whoever_passed_the_message_on_before() {
    let stage = Stage::set().await;
    let (head, answer) = stage.pass("", "").await;
    assert_eq!(values(&head, "via"), ["1.1 gateway-service"]);
    assert_eq!(answer.header("via"), Some("1.1 gateway-service"));

    let earlier = "via: 1.0 fred\r\nvia: 1.1 frontend\r\n";
    let (head, answer) = stage.pass(earlier, "via: 1.1 inner\r\n").await;
    assert_eq!(
        values(&head, "via"),
        ["1.0 fred, 1.1 frontend, 1.1 gateway-service"]
    );
    assert_eq!(answer.header("via"), Some("1.1 inner, 1.1 gateway-service"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_has_passed_the_gateway_before_is_508() {
    let stage = Stage::set().await;
    let mut client = Raw::connect(stage.gateway.address()).await;
    let request =
        "GET /api/products HTTP/1.1\r\nhost: shop\r\nvia: 1.1 gateway-service, 1.1 other\r\n\r\n";
    client.send(request).await.expect("sent");
    let problem = client.answer().await.expect("an answer").problem(508);
    assert_eq!(problem["type"], "/api/problems/loop-detected");
    // One of another name, or of a part of it, is none that it has passed.
    stage.pass("via: 1.1 gateway, 1.1 service\r\n", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frontend_that_points_at_itself_answers_508_and_does_not_loop() {
    let place = StdListener::bind("127.0.0.1:0").expect("a free port");
    let address = place.local_addr().expect("an address");
    drop(place);
    let environment = [
        ("PORT", address.port().to_string().into()),
        ("GATEWAY_SERVICE_URL", format!("http://{address}").into()),
        ("ASSETS_DIR", "/nonexistent".into()),
    ];
    let frontend = Process::start("frontend", &environment);
    let http = harness::Http::new(frontend.address());
    let answer = http.get("/api/products").await;
    let problem = answer.problem(508);
    assert_eq!(problem["title"], "Loop detected");
    let passes = frontend.log();
    let passes = passes.iter().filter(|line| line["status"] == 508).count();
    assert!(passes <= 2, "it went round {passes} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_well_formed_do_not_go_on() {
    let stage = Stage::set().await;
    let too_long = "k=v,".repeat(2500);
    for lines in [
        "baggage: =;=\r\n".to_owned(),
        "baggage: nothing\r\nbaggage: =\r\n".to_owned(),
        format!("baggage: {too_long}\r\n"),
        "traceparent: 00-nonsense-01\r\n".to_owned(),
        "tracestate: vendor=value\r\n".to_owned(),
        format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\ntracestate:\r\n"),
        "x-request-id: not an id\r\n".to_owned(),
    ] {
        let (head, answer) = stage.pass(&lines, "").await;
        for name in ["baggage", "tracestate"] {
            assert_eq!(values(&head, name), [""; 0], "{name} of {lines}");
        }
        let traceparent = values(&head, "traceparent");
        let expected = format!("00-{}-", answer.trace_id());
        assert!(
            traceparent.len() == 1 && traceparent[0].starts_with(&expected),
            "{traceparent:?}"
        );
        let request_id = answer.header("x-request-id").expect("an id");
        assert_eq!(values(&head, "x-request-id"), [request_id]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_one_connection_stay_with_it_both_ways() {
    let stage = Stage::set().await;
    let of_one_hop = "proxy-connection: keep-alive\r\nkeep-alive: timeout=5\r\nx-end: to-end\r\n";
    let (head, answer) = stage.pass(of_one_hop, of_one_hop).await;
    for name in ["proxy-connection", "keep-alive"] {
        assert_eq!(values(&head, name), [""; 0], "{name}");
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(values(&head, "x-end"), ["to-end"]);
    assert_eq!(answer.header("x-end"), Some("to-end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_well_formed_go_on_once() {
    let stage = Stage::set().await;
    let lines = format!(
        "traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\ntracestate: vendor=value\r\n\
         baggage: user=alice\r\nbaggage: =;=,level=1\r\nx-request-id: mine\r\n"
    );
    let (head, _) = stage.pass(&lines, "").await;
    assert_eq!(values(&head, "baggage"), ["user=alice,level=1"]);
    assert_eq!(values(&head, "tracestate"), ["vendor=value"]);
    assert_eq!(values(&head, "x-request-id"), ["mine"]);
    let traceparent = values(&head, "traceparent");
    assert!(
        traceparent.len() == 1 && traceparent[0].contains(TRACE),
        "{traceparent:?}"
    );
}
