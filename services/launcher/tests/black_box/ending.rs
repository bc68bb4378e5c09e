//! The end: everything stops, however the launcher ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

use harness::skip::skip;
use harness::{Http, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::opened::{END_BOUND, Launcher, PROGRAM, binaries, free_offset};

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_everything_and_leaves_no_process() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut shop = Launcher::open(&["--load"], &[]).await;
        shop.launcher.process.signal(signal);
        assert_eq!(shop.launcher.end().code(), Some(0), "{signal:?}");
        assert_eq!(shop.launcher.process.errors(), "", "{signal:?}");
        shop.is_gone().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_launcher_takes_its_services_along() {
    if !std::path::Path::new("/usr/bin/setpriv").exists() {
        skip(
            "a_killed_launcher_takes_its_services_along",
            "setpriv is missing (util-linux)",
        );
        return;
    }
    let mut shop = Launcher::open(&[], &[]).await;
    shop.launcher.process.kill();
    shop.is_gone().await;
}

/// A closed terminal, or `cargo run | head`: nobody reads any more, and the first word that the
/// launcher says is lost. It goes on, and its services drain when it is asked to end.
#[tokio::test(flavor = "multi_thread")]
async fn a_launcher_whose_output_nobody_reads_runs_and_ends_in_order() {
    let stores = tempfile::tempdir().unwrap();
    let offset = free_offset();
    let mut launcher = Command::new(PROGRAM)
        .arg("--port-offset")
        .arg(offset.to_string())
        .arg("--bin-dir")
        .arg(binaries())
        .arg("--data-dir")
        .arg(stores.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(launcher.stdout.take());
    let gateway = Http::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080 + offset)));
    eventually("the gateway answers", async || {
        let answer = gateway
            .try_send(http::Method::GET, "/health", &[], "")
            .await;
        answer.map_err(|error| error.to_string())
    })
    .await;
    let order = json!({ "productId": "product1", "quantity": 1 });
    assert_eq!(gateway.post("/api/orders", &order).await.status, 201);
    let id = Pid::from_raw(i32::try_from(launcher.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || launcher.wait());
    let ended = tokio::time::timeout(END_BOUND, ended).await.unwrap();
    assert_eq!(ended.unwrap().unwrap().code(), Some(0));
}
