//! The end: everything goes, whoever asks for it.

use harness::skip::skip;
use rustix::process::Signal;

use crate::opened::Launcher;

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
