//! The frontend server: the page and what protects it, traces, and the way of the page's spans.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::scrape::Scrape;
use harness::stand_in::{Behaviour, StandIn};
use harness::{Answer, Http, Process, Receiver, ReceiverMode, eventually};
use http::{Method, StatusCode};
use serde_json::json;
use tempfile::TempDir;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A frontend server with a page of its own.
struct Frontend {
    process: Process,
    _page: TempDir,
}

impl Frontend {
    fn start(environment: &[(&str, &str)]) -> Self {
        let page = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(page.path().join("assets")).expect("a folder");
        for (name, content) in [
            ("index.html", "<!doctype html>the page"),
            ("favicon.svg", "<svg/>"),
            ("assets/index-DkZ3q.js", "export {}"),
            ("assets/index-DkZ3q.js.br", "Brotli of it"),
            ("assets/index-DkZ3q.js.gz", "gzip of it"),
            ("assets/only-4kT.css", "p { margin: 0 }"),
        ] {
            std::fs::write(page.path().join(name), content).expect("a file");
        }
        let process = Self::on(page.path(), environment);
        Self {
            process,
            _page: page,
        }
    }

    fn on(page: &Path, environment: &[(&str, &str)]) -> Process {
        let given = environment.iter();
        let mut environment: Vec<(&str, OsString)> =
            given.map(|(name, value)| (*name, value.into())).collect();
        environment.push(("ASSETS_DIR", page.into()));
        Process::start("frontend", &environment)
    }

    fn http(&self) -> Http {
        Http::new(self.process.address())
    }

    async fn get(&self, path: &str) -> Answer {
        self.http().get(path).await
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.http().send(method, path, headers, "").await
    }

    async fn send_spans(&self, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[("content-type", "application/x-protobuf")], headers].concat();
        let http = self.http();
        http.send(Method::POST, "/otlp/v1/traces", &headers, "")
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_assets_are_kept_for_good_and_all_else_is_asked_for_again() {
    let frontend = Frontend::start(&[]);
    for (path, content_type, content) in [
        ("/", "text/html", "<!doctype html>the page"),
        ("/orders", "text/html", "<!doctype html>the page"),
        ("/orders/1/trace", "text/html", "<!doctype html>the page"),
        ("/favicon.svg", "image/svg+xml", "<svg/>"),
    ] {
        let answer = frontend.get(path).await;
        assert_eq!(
            (answer.status, &answer.body[..]),
            (StatusCode::OK, content.as_bytes())
        );
        assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    for path in ["/api", "/api/", "/api/none"] {
        // Nobody listens where the gateway should be.
        frontend.get(path).await.problem(503);
    }
    let asset = frontend.get("/assets/index-DkZ3q.js").await;
    assert_eq!(&asset.body[..], b"export {}");
    assert_eq!(asset.header("content-type"), Some("text/javascript"));
    let for_good = "public, max-age=31536000, immutable";
    assert_eq!(asset.header("cache-control"), Some(for_good));
    for missing in ["/assets/index-old.js", "/missing.png"] {
        let answer = frontend.get(missing).await;
        answer.problem(404);
        assert_eq!(
            answer.header("cache-control"),
            None,
            "a 404 is kept by nobody"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_comes_in_the_best_encoding_that_the_client_takes() {
    let frontend = Frontend::start(&[]);
    let script = "/assets/index-DkZ3q.js";
    for (accepted, encoding, content) in [
        ("gzip, deflate, br, zstd", Some("br"), "Brotli of it"),
        ("gzip", Some("gzip"), "gzip of it"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "gzip of it"),
        ("zstd", None, "export {}"),
        ("identity", None, "export {}"),
    ] {
        let answer = frontend
            .ask(Method::GET, script, &[("accept-encoding", accepted)])
            .await;
        assert_eq!(answer.status, 200, "{accepted}");
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        assert_eq!(&answer.body[..], content.as_bytes(), "{accepted}");
        assert_eq!(answer.header("content-type"), Some("text/javascript"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
    }
    let plain = frontend.get(script).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    let alone = frontend
        .ask(
            Method::GET,
            "/assets/only-4kT.css",
            &[("accept-encoding", "br, gzip")],
        )
        .await;
    assert_eq!(alone.header("content-encoding"), None, "there is no other");
    assert_eq!(&alone.body[..], b"p { margin: 0 }");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_has_already_is_not_sent_again() {
    let frontend = Frontend::start(&[]);
    for path in ["/", "/orders", "/favicon.svg", "/assets/index-DkZ3q.js"] {
        let first = frontend.get(path).await;
        let tag = first.header("etag").expect("a tag").to_owned();
        for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let again = frontend
                .ask(Method::GET, path, &[("if-none-match", &known)])
                .await;
            assert_eq!(again.status, 304, "{path} {known}");
            assert!(again.body.is_empty());
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(again.header(name), first.header(name), "{path} {name}");
            }
        }
        let other = frontend
            .ask(Method::GET, path, &[("if-none-match", "\"other\"")])
            .await;
        assert_eq!((other.status, &other.body), (first.status, &first.body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_page_of_the_same_length_and_time_is_another_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("index.html");
    // As in the Nix store, where each file is of the first second of 1970.
    let write = |content: &str| {
        std::fs::write(&file, content).expect("a file");
        let file = std::fs::File::options().write(true).open(&file);
        let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        file.expect("the file").set_modified(time).expect("a time");
    };
    write("<script src=/assets/index-A.js>");
    let process = Frontend::on(folder.path(), &[]);
    let http = Http::new(process.address());
    let first = http.get("/").await;
    let tag = first.header("etag").expect("a tag");
    assert_eq!(first.header("last-modified"), None, "it would be a lie");
    write("<script src=/assets/index-B.js>");
    for known in [
        ("if-none-match", tag),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:01 GMT"),
    ] {
        let second = http.send(Method::GET, "/", &[known], "").await;
        assert_eq!(second.status, 200, "{known:?}");
        assert_eq!(&second.body[..], b"<script src=/assets/index-B.js>");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_an_asset_can_be_had() {
    let frontend = Frontend::start(&[]);
    let script = "/assets/index-DkZ3q.js";
    let part = frontend
        .ask(Method::GET, script, &[("range", "bytes=0-5")])
        .await;
    assert_eq!(part.status, 206);
    assert_eq!(&part.body[..], b"export");
    assert_eq!(part.header("content-range"), Some("bytes 0-5/9"));
    let beyond = frontend
        .ask(Method::GET, script, &[("range", "bytes=9-")])
        .await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some("bytes */9"));
    assert_eq!(beyond.header("cache-control"), None);
    // The whole, whenever the part could be of another representation.
    for headers in [
        [("range", "bytes=0-5"), ("if-range", "\"other\"")],
        [("range", "bytes=0-1,4-5"), ("accept-encoding", "identity")],
    ] {
        let whole = frontend.ask(Method::GET, script, &headers).await;
        assert_eq!(whole.status, 200, "{headers:?}");
        assert_eq!(&whole.body[..], b"export {}");
    }
    let head = frontend.ask(Method::HEAD, script, &[]).await;
    assert_eq!(head.header("content-length"), Some("9"));
    assert_eq!(head.header("accept-ranges"), Some("bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_request_bears_the_name_of_its_route_at_the_gateway() {
    let (gateway, receiver) = tokio::join!(StandIn::start(), Receiver::http(ReceiverMode::Good));
    let frontend = Frontend::start(&[
        ("GATEWAY_SERVICE_URL", &gateway.url()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ]);
    let brew = Method::from_bytes(b"BREW").expect("a method");
    let table = [
        (Method::GET, "/api/openapi.json", "/api/openapi.json"),
        (
            Method::GET,
            "/api/problems/internal",
            "/api/problems/{kind}",
        ),
        (Method::GET, "/api/products", "/api/products"),
        (Method::HEAD, "/api/products/p1", "/api/products/{id}"),
        (Method::PUT, "/api/inventory/p1", "/api/inventory/{id}"),
        (Method::GET, "/api/inventory", "/api/inventory"),
        (Method::GET, "/api/orders?limit=2", "/api/orders"),
        (Method::POST, "/api/orders", "/api/orders"),
        (Method::OPTIONS, "/api/orders", "/api/orders"),
        (brew, "/api/orders", "/api/orders"),
        (Method::GET, "/api/orders/o1", "/api/orders/{id}"),
        (Method::DELETE, "/api/orders/o1/x", "/api/{*path}"),
        (Method::GET, "/api/secret-of-mine", "/api/{*path}"),
    ];
    for (method, path, template) in table {
        let bare = path.split('?').next().expect("a path");
        gateway.set(bare, Behaviour::Answer(StatusCode::OK, json!({})));
        let before = Scrape::of(&frontend.http()).await;
        let answer = frontend.ask(method.clone(), path, &[]).await;
        assert_eq!(answer.status, 200, "{method} {path}");
        assert!(gateway.arrived(bare) > 0, "{method} {path} is forwarded");

        let known = if method.as_str() == "BREW" {
            "_OTHER"
        } else {
            method.as_str()
        };
        let server = [("method", known), ("uri", template), ("status", "200")];
        let client = [("peer", "gateway-service"), ("uri", template)];
        for (name, labels) in [
            ("http_server_requests_seconds_count", &server[..]),
            ("http_client_requests_seconds_count", &client),
        ] {
            eventually("the request is counted", async || {
                let found = Scrape::of(&frontend.http()).await.sum(name, labels);
                (found > before.sum(name, labels))
                    .then_some(())
                    .ok_or((labels, found))
            })
            .await;
        }
        let id = answer.trace_id();
        let line = eventually("the access line", async || {
            let mut lines = frontend.process.log().into_iter();
            lines
                .find(|line| line["trace_id"] == *id && line["uri"].is_string())
                .ok_or(())
        })
        .await;
        assert_eq!(line["uri"], template, "{line}");
        let spans = eventually("two spans", async || {
            let spans = receiver.trace(&id);
            (spans.len() == 2).then_some(()).ok_or(spans.len())?;
            Ok::<_, usize>(spans)
        })
        .await;
        let verb = if known == "_OTHER" { "HTTP" } else { known };
        let names: Vec<_> = spans.iter().map(|s| s.span.name.as_str()).collect();
        assert!(
            names.contains(&format!("{verb} {template}").as_str()),
            "{names:?}"
        );
        assert!(
            names
                .iter()
                .all(|name| name.ends_with(&format!(" {template}"))),
            "{names:?}"
        );
    }
    let scrape = Scrape::of(&frontend.http()).await;
    let uris = scrape.label_values("http_client_requests_seconds_count", "uri");
    assert_eq!(uris.len(), 9, "{uris:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_bears_a_policy_that_lets_nothing_in_from_outside() {
    let frontend = Frontend::start(&[]);
    for path in [
        "/",
        "/orders",
        "/assets/index-DkZ3q.js",
        "/missing.png",
        "/config.json",
        "/api/products",
    ] {
        let answer = frontend.get(path).await;
        assert!(answer.header("x-request-id").is_some(), "{path}");
        assert_eq!(answer.trace_id().len(), 32, "{path}");
        let policy = answer.header("content-security-policy").expect(path);
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(directives.contains(&directive), "{directive}: {policy}");
        }
        for loose in ["unsafe", "*", "http"] {
            assert!(!policy.contains(loose), "{loose}: {policy}");
        }
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            Some("same-origin"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_origin_is_let_in() {
    let frontend = Frontend::start(&[]);
    let headers = [
        ("origin", "http://elsewhere.example"),
        ("access-control-request-method", "POST"),
    ];
    for (method, path) in [
        (Method::OPTIONS, "/api/orders"),
        (Method::GET, "/config.json"),
    ] {
        let answer = frontend.http().send(method, path, &headers, "").await;
        let mut names = answer.headers.keys();
        assert!(
            !names.any(|name| name.as_str().starts_with("access-control")),
            "{answer:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_built_says_how_to_build_it() {
    let empty = tempfile::tempdir().expect("a folder");
    let frontend = Frontend::on(empty.path(), &[]);
    let problem = Http::new(frontend.address()).get("/").await.problem(503);
    assert!(
        problem["detail"].to_string().contains("npm run build"),
        "{problem}"
    );
    let shown = problem.to_string();
    assert!(
        !shown.contains(empty.path().to_str().expect("text")),
        "no path of the host: {shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_told_only_of_what_is_configured() {
    let nothing = json!({ "jaegerUiUrl": null, "grafanaUrl": null, "traces": false });
    assert_eq!(
        Frontend::start(&[]).get("/config.json").await.json(),
        nothing
    );
    let all = Frontend::start(&[
        ("TRACES_URL", "http://127.0.0.1:16686"),
        ("JAEGER_UI_URL", "http://jaeger.example:16686/"),
        ("GRAFANA_URL", "https://grafana.example"),
    ]);
    let told = json!({
        "jaegerUiUrl": "http://jaeger.example:16686",
        "grafanaUrl": "https://grafana.example",
        "traces": true,
    });
    assert_eq!(all.get("/config.json").await.json(), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_answered_as_otlp_json() {
    let store = StandIn::start().await;
    let path = format!("/api/v3/traces/{TRACE}");
    let otlp = json!({ "result": { "resourceSpans": [{ "scopeSpans": [] }] } });
    store.set(&path, Behaviour::Answer(StatusCode::OK, otlp.clone()));
    let frontend = Frontend::start(&[("TRACES_URL", &store.url())]);
    let answer = frontend.get(&format!("/traces/{TRACE}")).await;
    assert_eq!(answer.json(), otlp);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "spans come over some seconds"
    );

    let html = [("accept", "text/html,application/xhtml+xml")];
    let page = frontend
        .http()
        .send(Method::GET, &format!("/traces/{TRACE}"), &html, "")
        .await;
    assert_eq!(
        &page.body[..],
        b"<!doctype html>the page",
        "a person gets the page"
    );
    assert_eq!(page.header("vary"), Some("accept"));
    assert_eq!(store.arrived(&path), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_there_is_404_and_a_store_in_trouble_503_or_504() {
    Frontend::start(&[])
        .get(&format!("/traces/{TRACE}"))
        .await
        .problem(404);
    let store = StandIn::start().await;
    let frontend = Frontend::start(&[("TRACES_URL", &store.url())]);
    let path = format!("/api/v3/traces/{TRACE}");
    for (behaviour, status) in [
        (
            Behaviour::Answer(StatusCode::NOT_FOUND, json!({ "error": "inner words" })),
            404,
        ),
        (
            Behaviour::Answer(
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({ "error": "inner words" }),
            ),
            503,
        ),
        (Behaviour::Break, 502),
        (Behaviour::Hang, 504),
    ] {
        store.set(&path, behaviour.clone());
        let begun = Instant::now();
        let answer = frontend.get(&format!("/traces/{TRACE}")).await;
        let problem = answer.problem(status).to_string();
        assert!(!problem.contains("inner words"), "{behaviour:?}: {problem}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{behaviour:?}");
    }
    let arrived = store.arrived(&path);
    for malformed in [
        "0",
        &"0".repeat(32),
        &TRACE.to_uppercase(),
        &format!("{TRACE}0"),
    ] {
        frontend
            .get(&format!("/traces/{malformed}"))
            .await
            .problem(404);
        assert_eq!(store.arrived(&format!("/api/v3/traces/{malformed}")), 0);
    }
    assert_eq!(store.arrived(&path), arrived);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_pages_spans_nothing_goes_on_but_body_and_type() {
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let frontend = Frontend::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop"),
    ]);
    let forged = [
        ("cookie", "a=b"),
        ("authorization", "Bearer c"),
        ("x-tenant", "other"),
    ];
    let answer = frontend.send_spans(&forged).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = eventually("the export", async || receiver.headers().pop().ok_or(())).await;
    assert_eq!(
        seen.get("content-type").expect("a type"),
        "application/x-protobuf"
    );
    assert_eq!(seen.get("x-tenant").expect("the configured header"), "shop");
    for name in ["cookie", "authorization"] {
        assert!(!seen.contains_key(name), "{name} went on: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_receiver_of_http_spans_are_refused_within_a_bound() {
    let hanging = Receiver::http(ReceiverMode::Hanging).await;
    let endpoint = hanging.endpoint();
    let over_grpc = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    for (environment, status) in [
        (&[][..], 503),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")],
            503,
        ),
        (&over_grpc, 503),
        (&over_grpc[..1], 504),
    ] {
        let begun = Instant::now();
        Frontend::start(environment)
            .send_spans(&[])
            .await
            .problem(status);
        assert!(begun.elapsed() < Duration::from_secs(8), "{environment:?}");
    }
}
