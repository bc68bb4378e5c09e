//! The end: everything stops, however the launcher ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

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

/// As with a closed terminal, or with `cargo run | head`: what the launcher prints is lost, but the
/// shop runs on, and its services drain when the launcher gets a signal.
#[tokio::test(flavor = "multi_thread")]
async fn a_launcher_whose_output_is_closed_runs_and_ends_in_order() {
    let stores = tempfile::tempdir().unwrap();
    let offset = free_offset();
    let launcher = Command::new(PROGRAM)
        .arg("--port-offset")
        .arg(offset.to_string())
        .arg("--bin-dir")
        .arg(binaries())
        .arg("--data-dir")
        .arg(stores.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut launcher = Ending(launcher.unwrap());
    drop(launcher.0.stdout.take());
    let gateway = Http::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080 + offset)));
    let headers = [("content-type", "application/json")];
    let order = json!({ "productId": "product1", "quantity": 1 }).to_string();
    eventually("an order", async || {
        let post = http::Method::POST;
        let answer = gateway
            .try_send(post, "/api/orders", &headers, order.clone())
            .await
            .map_err(|error| error.to_string())?;
        (answer.status == 201)
            .then_some(())
            .ok_or(format!("{answer:?}"))
    })
    .await;
    launcher.signal(Signal::TERM);
    let ended = tokio::task::spawn_blocking(move || launcher.0.wait());
    let ended = tokio::time::timeout(END_BOUND, ended).await.unwrap();
    assert_eq!(ended.unwrap().unwrap().code(), Some(0));
}

/// A process that does not outlive its test.
struct Ending(Child);

impl Ending {
    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}
