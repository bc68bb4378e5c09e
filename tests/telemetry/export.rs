//! The export of spans as the OpenTelemetry specification's environment variables set it, and
//! what is counted when a receiver is bad.

use std::ffi::OsString;
use std::time::Duration;

use harness::foreign::free_address;
use harness::{
    Http, LogLine, Process, Receiver, ReceiverMode, Scrape, Shop, ShopOptions, SpanRecord,
    eventually,
};
use http::Method;
use rustix::process::Signal;
use serde_json::Value;

const DROPPED: &str = "telemetry_spans_dropped_total";
const ROUTE: &str = "/api/openapi.json";
/// W3C trace context of a caller that samples, and of one that does not.
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// The gateway, which makes exactly one span for each request of [`ROUTE`].
struct Service {
    process: Process,
    http: Http,
}

impl Service {
    fn start(environment: &[(&'static str, &str)]) -> Self {
        let mut all: Vec<(&str, OsString)> = vec![("OTEL_BSP_SCHEDULE_DELAY", "20".into())];
        all.extend(
            environment
                .iter()
                .map(|(name, value)| (*name, OsString::from(value))),
        );
        let process = Process::start("gateway-service", &all);
        Self {
            http: Http::new(process.address()),
            process,
        }
    }

    /// Starts it with this receiver.
    fn exporting(receiver: &Receiver, environment: &[(&'static str, &str)]) -> Self {
        let endpoint = receiver.endpoint();
        let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
        Self::start(&[&endpoint, environment].concat())
    }

    /// One request after the other; each must be answered.
    async fn ask(&self, requests: usize) {
        for _ in 0..requests {
            assert_eq!(self.http.get(ROUTE).await.status, 200);
        }
    }

    async fn ask_as(&self, traceparent: &str) {
        let headers = [("traceparent", traceparent)];
        let answer = self.http.send(Method::GET, ROUTE, &headers, "").await;
        assert_eq!(answer.status, 200);
    }

    async fn dropped(&self) -> f64 {
        let scrape = Scrape::of(&self.http).await;
        scrape.value(DROPPED, &[]).expect("the counter")
    }

    /// Ends it, which flushes; what it logged.
    fn end(mut self) -> Vec<LogLine> {
        let status = self.process.terminate(Duration::from_secs(20));
        assert!(status.success(), "{status}");
        self.process.log()
    }
}

/// The warnings and the all-clears about the export.
fn about_export(log: &[LogLine]) -> Vec<(&Value, &Value)> {
    log.iter()
        .filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|message| message.contains("spans"))
        })
        .map(|line| (&line["level"], &line["message"]))
        .collect()
}

async fn spans_for(environment: &[(&'static str, &str)], traceparent: &str) -> usize {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let service = Service::exporting(&receiver, environment);
    if traceparent.is_empty() {
        service.ask(1).await;
    } else {
        service.ask_as(traceparent).await;
    }
    service.end();
    receiver.spans().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sampler_keeps_and_drops_what_the_specification_says() {
    const ALWAYS: usize = 1;
    const NEVER: usize = 0;
    // Sampler, its argument, and what is kept: of a root, of a sampled caller's, of another's.
    let table = [
        ("always_on", "", [ALWAYS, ALWAYS, ALWAYS]),
        ("always_off", "", [NEVER, NEVER, NEVER]),
        ("traceidratio", "0", [NEVER, NEVER, NEVER]),
        ("traceidratio", "1", [ALWAYS, ALWAYS, ALWAYS]),
        ("parentbased_always_on", "", [ALWAYS, ALWAYS, NEVER]),
        ("parentbased_always_off", "", [NEVER, ALWAYS, NEVER]),
        ("parentbased_traceidratio", "0.0", [NEVER, ALWAYS, NEVER]),
        ("parentbased_traceidratio", "1.0", [ALWAYS, ALWAYS, NEVER]),
        // The default, also of the ratio, when the variables are empty.
        ("", "", [ALWAYS, ALWAYS, NEVER]),
        ("traceidratio", "", [ALWAYS, ALWAYS, ALWAYS]),
    ];
    for (sampler, argument, kept) in table {
        let environment = [
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ];
        for (caller, kept) in ["", SAMPLED, UNSAMPLED].into_iter().zip(kept) {
            let spans = spans_for(&environment, caller).await;
            assert_eq!(spans, kept, "{sampler} {argument}, called by '{caller}'");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ratio_keeps_its_part_of_the_traces() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let service = Service::exporting(
        &receiver,
        &[
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ],
    );
    service.ask(400).await;
    service.end();
    // 100 expected with a deviation of 8.7: seven of them away is not chance.
    let kept = receiver.spans().len();
    assert!(
        (40..=160).contains(&kept),
        "{kept} of 400 at a ratio of 1/4"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sampler_gets_a_warning_and_the_default_is_taken() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let service = Service::exporting(&receiver, &[("OTEL_TRACES_SAMPLER", "allways_on")]);
    service.ask(1).await;
    service.ask_as(UNSAMPLED).await;
    let log = service.end();
    assert_eq!(receiver.spans().len(), 1);
    let warning = log.iter().find(|line| line["level"] == "WARN");
    assert_eq!(warning.expect("a warning")["sampler"], "allways_on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_number_or_protocol_gets_a_warning_and_the_default_is_taken() {
    for (name, value) in [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "1s"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
    ] {
        let receiver = Receiver::http(ReceiverMode::Good).await;
        let service = Service::exporting(&receiver, &[(name, value)]);
        service.ask(1).await;
        let log = service.end();
        assert_eq!(receiver.spans().len(), 1, "{name}={value}");
        let warning = log.iter().find(|line| line["level"] == "WARN");
        let message = warning.expect("a warning")["message"].to_string();
        assert!(message.contains(name), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_sdk_sends_nothing_and_ids_go_on() {
    for (value, spans) in [("true", 0), ("TRUE", 0), ("false", 1), ("", 1)] {
        let receiver = Receiver::http(ReceiverMode::Good).await;
        let service = Service::exporting(&receiver, &[("OTEL_SDK_DISABLED", value)]);
        let headers = [("traceparent", SAMPLED)];
        let answer = service.http.send(Method::GET, ROUTE, &headers, "").await;
        assert_eq!(answer.trace_id(), SAMPLED[3..35]);
        service.end();
        assert_eq!(receiver.spans().len(), spans, "OTEL_SDK_DISABLED={value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_nothing_is_sent_and_nothing_is_lost() {
    for environment in [&[][..], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]] {
        let service = Service::start(environment);
        service.ask(5).await;
        assert!(service.dropped().await.abs() < f64::EPSILON);
        assert_eq!(about_export(&service.end()), []);
    }
}

async fn first_span(receiver: &Receiver) -> SpanRecord {
    eventually("a span has come", async || {
        receiver.spans().pop().ok_or("none")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_attributes_of_the_resource_come_from_the_environment() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let service = Service::exporting(
        &receiver,
        &[
            ("OTEL_SERVICE_NAME", "catalogue"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=demo,host.name=a%20b%2Cc,service.name=loses",
            ),
        ],
    );
    service.ask(1).await;
    let span = first_span(&receiver).await;
    // OTEL_SERVICE_NAME goes before service.name (specification, "General SDK Configuration").
    assert_eq!(span.service, "catalogue");
    assert_eq!(span.resource["deployment.environment.name"], "demo");
    assert_eq!(span.resource["host.name"], "a b,c");
    let scrape = Scrape::of(&service.http).await;
    assert_eq!(scrape.label_values("app_info", "service"), ["catalogue"]);
    assert!(
        service
            .end()
            .iter()
            .all(|line| line["service"] == "catalogue")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_name_among_the_resource_attributes_counts_when_there_is_no_other() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attributes");
    let service = Service::exporting(&receiver, &[attributes]);
    service.ask(1).await;
    assert_eq!(first_span(&receiver).await.service, "from-attributes");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_start_is_an_instance_of_its_own_and_names_its_sdk() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    for _ in 0..2 {
        let service = Service::exporting(&receiver, &[]);
        service.ask(1).await;
        service.end();
    }
    let spans = receiver.spans();
    for span in &spans {
        let resource = &span.resource;
        assert_eq!(resource["service.namespace"], "shop");
        assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(resource["telemetry.sdk.name"], "opentelemetry");
        assert_eq!(resource["telemetry.sdk.language"], "rust");
        assert!(resource["telemetry.sdk.version"].starts_with("0."));
        assert!(is_uuid(&resource["service.instance.id"]), "{resource:?}");
    }
    let [first, second] = &spans[..] else {
        panic!("{spans:?}")
    };
    assert_ne!(
        first.resource["service.instance.id"],
        second.resource["service.instance.id"]
    );
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let hex = |byte: u8| byte == b'-' || byte.is_ascii_hexdigit();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(hex)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_attributes_go_before_the_services_own_but_not_before_the_sdks() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let attributes = "service.instance.id=unit-7,service.namespace=warehouse,\
        service.version=1.0.0+g1234,telemetry.sdk.language=cobol";
    let service = Service::exporting(&receiver, &[("OTEL_RESOURCE_ATTRIBUTES", attributes)]);
    service.ask(1).await;
    service.end();
    let resource = &receiver.spans()[0].resource;
    assert_eq!(resource["service.instance.id"], "unit-7");
    assert_eq!(resource["service.namespace"], "warehouse");
    assert_eq!(resource["service.version"], "1.0.0+g1234");
    assert_eq!(resource["service.name"], "gateway-service");
    assert_eq!(resource["telemetry.sdk.language"], "rust");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_resource_attributes_get_a_warning_and_are_ignored_as_a_whole() {
    for malformed in ["service.namespace=warehouse,word", "service.name=%FF"] {
        let receiver = Receiver::http(ReceiverMode::Good).await;
        let service = Service::exporting(&receiver, &[("OTEL_RESOURCE_ATTRIBUTES", malformed)]);
        service.ask(1).await;
        let log = service.end();
        let resource = &receiver.spans()[0].resource;
        assert_eq!(resource["service.namespace"], "shop", "{malformed}");
        assert_eq!(resource["service.name"], "gateway-service", "{malformed}");
        let warning = log.iter().find(|line| line["level"] == "WARN");
        let message = warning.expect("a warning")["message"].to_string();
        assert!(message.contains("OTEL_RESOURCE_ATTRIBUTES"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_of_a_span_is_the_crate_that_made_it() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let shop = Shop::with(ShopOptions {
        otlp: Some(receiver.endpoint()),
        ..ShopOptions::default()
    });
    let answer = shop.buy("product1", 1).await;
    assert_eq!(answer.status, 201);
    // Kinds: 1 internal, 2 server, 3 client; a client span without a URL is the store's.
    let scope_of = |record: &SpanRecord| match record.span.kind {
        1 => Some("order-service"),
        2 => Some("server"),
        3 if record.attribute("url.full").is_some() => Some("client"),
        _ => None,
    };
    let spans = eventually("spans of each scope have come", async || {
        let spans = receiver.trace(&answer.trace_id());
        let whole = ["order-service", "server", "client"]
            .iter()
            .all(|scope| spans.iter().any(|record| scope_of(record) == Some(scope)));
        if whole { Ok(spans) } else { Err(spans.len()) }
    })
    .await;
    for record in &spans {
        let (name, version) = &record.scope;
        if let Some(expected) = scope_of(record) {
            assert_eq!(name, expected, "{}", record.span.name);
        }
        assert_eq!(version, env!("CARGO_PKG_VERSION"), "{}", record.span.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_come_from_the_environment_and_over_them_from_the_credential() {
    for protocol in ["http/protobuf", "grpc"] {
        let receiver = match protocol {
            "grpc" => Receiver::grpc().await,
            _ => Receiver::http(ReceiverMode::Good).await,
        };
        let credentials = tempfile::tempdir().expect("a folder");
        let file = credentials.path().join("otlp-headers");
        std::fs::write(file, "authorization=Basic%20c2VjcmV0\n").expect("a file");
        let service = Service::exporting(
            &receiver,
            &[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                (
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    "x-tenant=shop, authorization=Bearer%20old",
                ),
                (
                    "CREDENTIALS_DIRECTORY",
                    credentials.path().to_str().expect("UTF-8"),
                ),
            ],
        );
        service.ask(1).await;
        first_span(&receiver).await;
        let headers = receiver.headers().remove(0);
        assert_eq!(headers["x-tenant"], "shop", "{protocol}");
        assert_eq!(headers["authorization"], "Basic c2VjcmV0", "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_variables_count_as_unset() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let service = Service::exporting(
        &receiver,
        &[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", ""),
            ("OTEL_EXPORTER_OTLP_HEADERS", ""),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", ""),
            ("OTEL_SERVICE_NAME", ""),
            ("OTEL_RESOURCE_ATTRIBUTES", ""),
            ("OTEL_TRACES_SAMPLER", ""),
            ("OTEL_TRACES_SAMPLER_ARG", ""),
            ("OTEL_BSP_SCHEDULE_DELAY", ""),
            ("OTEL_BSP_MAX_QUEUE_SIZE", ""),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", ""),
            ("OTEL_BSP_EXPORT_TIMEOUT", ""),
            ("OTEL_SDK_DISABLED", ""),
            ("RUST_LOG", ""),
        ],
    );
    service.ask(1).await;
    service.end();
    assert_eq!(receiver.spans()[0].service, "gateway-service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_drops_and_counts_each_span_and_slows_no_request() {
    const REQUESTS: usize = 200;
    let receiver = Receiver::http(ReceiverMode::Hanging).await;
    let service = Service::exporting(
        &receiver,
        &[
            ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "600000"),
        ],
    );
    // The receiver answers nothing meanwhile: a request that waited for it would never end.
    service.ask(REQUESTS).await;
    // Eight in the queue and a batch of four under way; each further one is lost.
    let dropped = eventually("what the queue cannot hold is counted", async || {
        let dropped = service.dropped().await;
        (dropped > 0.0).then_some(dropped).ok_or(dropped)
    })
    .await;
    receiver.set_mode(ReceiverMode::Good);
    let exported = eventually("the receiver has what the queue held", async || {
        let spans = receiver.spans().len();
        #[allow(clippy::cast_precision_loss)] // a few hundred
        let all = spans as f64 + service.dropped().await;
        #[allow(clippy::cast_precision_loss)]
        let made = REQUESTS as f64;
        ((all - made).abs() < f64::EPSILON)
            .then_some(spans)
            .ok_or((spans, all))
    })
    .await;
    assert_eq!(exported, 12, "the bound, and {dropped} dropped");
    // What is made from now on is sent again.
    service.ask(5).await;
    service.end();
    assert_eq!(receiver.spans().len(), exported + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusing_receiver_is_logged_once_and_so_is_its_return() {
    let receiver = Receiver::http(ReceiverMode::Refusing).await;
    let service = Service::exporting(&receiver, &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")]);
    service.ask(10).await;
    eventually("each refused span is counted", async || {
        let dropped = service.dropped().await;
        ((dropped - 10.0).abs() < f64::EPSILON)
            .then_some(())
            .ok_or(dropped)
    })
    .await;
    receiver.set_mode(ReceiverMode::Good);
    service.ask(10).await;
    eventually("the receiver takes spans again", async || {
        let spans = receiver.spans().len();
        (spans == 10).then_some(()).ok_or(spans)
    })
    .await;
    assert!((service.dropped().await - 10.0).abs() < f64::EPSILON);
    let log = service.end();
    let levels: Vec<_> = about_export(&log).into_iter().map(|line| line.0).collect();
    assert_eq!(levels, ["WARN", "INFO"], "{:?}", about_export(&log));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_rejects_of_a_batch_is_counted_and_logged_once_and_so_is_the_change() {
    const SECRET: &str = "hunter2-token";
    for protocol in ["http/protobuf", "grpc"] {
        let receiver = match protocol {
            "grpc" => Receiver::grpc().await,
            _ => Receiver::http(ReceiverMode::Good).await,
        };
        // A receiver that only warns has lost nothing, and none can lose more than it was sent.
        for (rejected, lost) in [(1, 10.0), (0, 0.0), (i64::MAX, 10.0), (-1, 0.0)] {
            receiver.set_mode(ReceiverMode::Rejecting(rejected));
            let before = receiver.spans().len();
            let authorization = format!("authorization=Bearer%20{SECRET}");
            let service = Service::exporting(
                &receiver,
                &[
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                    ("OTEL_EXPORTER_OTLP_HEADERS", &authorization),
                    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
                ],
            );
            service.ask(10).await;
            eventually("what the receiver rejects is counted", async || {
                let (spans, dropped) = (receiver.spans().len() - before, service.dropped().await);
                (spans == 10 && (dropped - lost).abs() < f64::EPSILON)
                    .then_some(())
                    .ok_or((spans, dropped))
            })
            .await;
            receiver.set_mode(ReceiverMode::Good);
            service.ask(1).await;
            let log = service.end();
            let logged: Vec<_> = about_export(&log).into_iter().map(|line| line.0).collect();
            assert_eq!(logged, ["WARN", "INFO"], "{protocol} {rejected}: {log:?}");
            let warning = log.iter().find(|line| line["level"] == "WARN");
            let message = warning.expect("a warning")["receiver_message"].to_string();
            assert!(message.contains("too old"), "{message}");
            assert!(!message.contains(SECRET), "{message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_spans_are_counted_whatever_the_log_filter_says_and_no_library_logs() {
    for protocol in ["http/protobuf", "grpc"] {
        for filter in [
            // The line from which the test learns the address is wanted.
            "off,server=info",
            "opentelemetry-otlp=off,server=info",
            "trace,opentelemetry-otlp=trace,opentelemetry_sdk=trace",
        ] {
            let receiver = match protocol {
                "grpc" => Receiver::grpc().await,
                _ => Receiver::http(ReceiverMode::Good).await,
            };
            receiver.set_mode(ReceiverMode::Rejecting(1));
            let service = Service::exporting(
                &receiver,
                &[
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
                    ("RUST_LOG", filter),
                    (
                        "OTEL_EXPORTER_OTLP_HEADERS",
                        "authorization=Bearer%20hunter2-token",
                    ),
                ],
            );
            service.ask(3).await;
            eventually("what the receiver rejects is counted", async || {
                let dropped = service.dropped().await;
                ((dropped - 3.0).abs() < f64::EPSILON)
                    .then_some(())
                    .ok_or(dropped)
            })
            .await;
            for line in service.end() {
                let target = line["target"].as_str().expect("a target");
                assert!(!target.starts_with("opentelemetry"), "{line}");
                // The receiver repeats it, and what lies below the exporter may log it.
                assert!(!line.to_string().contains("hunter2"), "{line}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compression_gets_a_warning_and_spans_are_sent_without() {
    for (protocol, compression, warnings) in [
        ("http/protobuf", "gzip", 1),
        ("grpc", "gzip", 1),
        ("http/protobuf", "none", 0),
        ("http/protobuf", "", 0),
    ] {
        let receiver = match protocol {
            "grpc" => Receiver::grpc().await,
            _ => Receiver::http(ReceiverMode::Good).await,
        };
        let service = Service::exporting(
            &receiver,
            &[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
            ],
        );
        service.ask(1).await;
        let log = service.end();
        assert_eq!(receiver.spans().len(), 1, "{protocol} {compression}");
        let warned = log.iter().filter(|line| line["level"] == "WARN").count();
        assert_eq!(warned, warnings, "{protocol} {compression}: {log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_receiver_is_counted_and_logged_once() {
    for protocol in ["http/protobuf", "grpc"] {
        let endpoint = format!("http://{}", free_address());
        let service = Service::start(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
        ]);
        service.ask(7).await;
        eventually("each lost span is counted", async || {
            let dropped = service.dropped().await;
            ((dropped - 7.0).abs() < f64::EPSILON)
                .then_some(())
                .ok_or(dropped)
        })
        .await;
        let log = service.end();
        let logged = about_export(&log);
        assert_eq!(logged.len(), 1, "{protocol}: {logged:?}");
        assert_eq!(logged[0].0, "WARN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_ends_neither_later_nor_worse_than_its_bound() {
    let receiver = Receiver::http(ReceiverMode::Hanging).await;
    let service = Service::exporting(&receiver, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")]);
    service.ask(20).await;
    service.process.signal(Signal::TERM);
    // 3 s to flush and 0.5 s to drain; the bound leaves room for a busy machine.
    let log = service.end();
    assert!(
        log.iter().any(|line| line["level"] == "WARN"),
        "the loss is logged"
    );
}
