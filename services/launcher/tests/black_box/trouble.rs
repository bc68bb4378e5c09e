//! What can go wrong: the message is clear, the exit code distinct, and no process is left.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Pid, Signal, kill_process};

use crate::opened::{Launcher, PORTS, binaries, free_offset};

#[test]
fn a_taken_port_is_named_before_anything_is_started() {
    for (name, port) in PORTS {
        let offset = free_offset();
        let port = port + offset;
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let mut launcher = Launcher::start(offset, &["--bin-dir", "/nowhere"], &[]);
        assert_eq!(launcher.end().code(), Some(69));
        let errors = launcher.process.errors();
        for expected in [
            &format!("port {port} of {name} is taken"),
            "ss -ltnp",
            "--port-offset",
        ] {
            assert!(errors.contains(expected), "{expected}: {errors}");
        }
        assert!(launcher.process.lines().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_process_dies_all_end_and_the_reason_is_given() {
    for (victim, _) in &PORTS[..5] {
        let mut shop = Launcher::open(&[], &[]).await;
        let (id, _) = shop
            .services
            .iter()
            .find(|(_, name)| name == victim)
            .unwrap();
        let id = Pid::from_raw(i32::try_from(*id).unwrap()).unwrap();
        kill_process(id, Signal::KILL).unwrap();
        assert_eq!(shop.launcher.end().code(), Some(1));
        let errors = shop.launcher.process.errors();
        for expected in [&format!("error: {victim} ended"), "signal: 9", "listening"] {
            assert!(errors.contains(expected), "{expected}: {errors}");
        }
        shop.is_gone().await;
    }
}

/// A launcher that inherits an ignored SIGCHLD cannot learn how a child has ended: the kernel throws
/// the exit status away, and waiting for it fails (ECHILD, wait(2)).
#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_exit_status_is_lost_is_named_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("launcher");
    let launcher = env!("CARGO_BIN_EXE_launcher");
    std::fs::write(
        &script,
        format!("#!/bin/sh\nexec env --ignore-signal=CHLD {launcher} \"$@\"\n"),
    )
    .unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let mut shop = Launcher::open_as(&script, &[], &[]).await;
    let (id, _) = shop
        .services
        .iter()
        .find(|(_, name)| name == "inventory-service")
        .unwrap();
    let id = Pid::from_raw(i32::try_from(*id).unwrap()).unwrap();
    kill_process(id, Signal::KILL).unwrap();
    assert_eq!(shop.launcher.end().code(), Some(1));
    let errors = shop.launcher.process.errors();
    for expected in ["error: inventory-service ended", "listening"] {
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
    shop.is_gone().await;
}

#[test]
fn a_process_that_does_not_start_is_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let stores = folder.path().join("stores");
    std::fs::create_dir(&stores).unwrap();
    std::fs::write(
        stores.join("order-service"),
        "a file where a folder belongs",
    )
    .unwrap();
    let binaries = binaries();
    let (binaries, stores) = (binaries.to_str().unwrap(), stores.to_str().unwrap());
    for (binaries, name) in [("/nowhere", "product-service"), (binaries, "order-service")] {
        let arguments = ["--bin-dir", binaries, "--data-dir", stores];
        let mut launcher = Launcher::start(free_offset(), &arguments, &[]);
        assert_eq!(launcher.end().code(), Some(1));
        let errors = launcher.process.errors();
        assert!(errors.contains(&format!("error: {name}")), "{errors}");
        assert!(errors.contains(&format!("/{name}")), "the path: {errors}");
    }
}

#[test]
fn wrong_usage_exits_2() {
    for arguments in [
        &["--receiver-only", "--load"][..],
        &["--receiver-host", "0.0.0.0"],
        &["--port-offset", "60000"],
        &["--no-such-flag"],
    ] {
        let mut launcher = Launcher::start(0, arguments, &[]);
        assert_eq!(launcher.end().code(), Some(2), "{arguments:?}");
    }
}
