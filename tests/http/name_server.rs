//! A name server that never answers: what needs a name fails soon, and all else goes on.

use std::ffi::OsString;
use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::journal::may_unshare;
use harness::skip::skip;
use harness::{Http, Process, binary, eventually};
use serde_json::json;
use tokio::task::JoinSet;

/// Makes the file `$RESOLV_CONF` the resolver's, then becomes the service.
const ENTER: &str = r#"mount --bind "$RESOLV_CONF" /etc/resolv.conf || exit 99; exec "$0" "$@""#;

/// More than a service has threads for names and files.
const REQUESTS: usize = 80;

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_name_server_fails_what_needs_it_soon_and_keeps_nothing_else_waiting() {
    let test = "a_silent_name_server_fails_what_needs_it_soon_and_keeps_nothing_else_waiting";
    if let Err(why) = may_unshare() {
        return skip(test, &why);
    }
    // A resolver asks port 53 only (resolv.conf(5)).
    let silent = match UdpSocket::bind("127.0.0.53:53") {
        Ok(socket) => socket,
        Err(error) => return skip(test, &format!("port 53: {error}")),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let resolv_conf = folder.path().join("resolv.conf");
    std::fs::write(&resolv_conf, "nameserver 127.0.0.53\n").expect("a file");
    std::fs::write(folder.path().join("index.html"), "<!doctype html>").expect("a file");

    let arguments = ["-rm", "sh", "-c", ENTER].map(OsString::from);
    let arguments = [&arguments[..], &[binary("frontend").into_os_string()]].concat();
    let environment = [
        ("RESOLV_CONF", resolv_conf.into_os_string()),
        ("ASSETS_DIR", folder.path().into()),
        ("GATEWAY_SERVICE_URL", "http://gateway.example:8080".into()),
    ];
    let process = Process::spawn(Path::new("unshare"), "frontend", &arguments, &environment);
    let address = eventually("the frontend listens", async || {
        let log = process.log();
        let mut addresses = log.iter().filter_map(|line| line["address"].as_str());
        addresses.next().map(str::to_owned).ok_or(log.clone())
    })
    .await;
    let http = Http::new(address.parse().expect("an address"));

    let order = json!({ "productId": "product1", "quantity": 1 }).to_string();
    let order = order.replace(":1", ":3");
    assert_eq!(order.len(), 37);
    let begun = Instant::now();
    let mut purchases = JoinSet::new();
    for _ in 0..REQUESTS {
        let (http, order) = (Http::new(http.address()), order.clone());
        purchases.spawn(async move {
            let json = [("content-type", "application/json")];
            http.send(http::Method::POST, "/api/orders", &json, order)
                .await
        });
    }
    for answer in purchases.join_all().await {
        answer.problem(503);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        silent.recv(&mut [0; 512]).is_ok(),
        "the name server was asked"
    );

    // The name server still hangs the threads that have asked it. The page is read by another.
    let begun = Instant::now();
    assert_eq!(http.get("/orders").await.status, 200);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}
