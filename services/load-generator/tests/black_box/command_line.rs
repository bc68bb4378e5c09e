//! The command line: help with examples, and exit codes that say why there was no run.

use crate::generator::{Ended, Generator, bare, command};
use crate::stand_in::{Reply, StandIn, problem};

fn with(arguments: &[&str]) -> Ended {
    Generator::spawn(bare().args(arguments)).end()
}

#[test]
fn help_has_examples_and_the_exit_codes() {
    let help = with(&["--help"]);
    assert_eq!(help.code, 0);
    for expected in [
        "Examples:",
        "Exit codes:",
        "GATEWAY_SERVICE_URL",
        "[default: 300s]",
        "--rate 500",
    ] {
        assert!(
            help.output.contains(expected),
            "{expected}: {}",
            help.output
        );
    }
}

#[test]
fn wrong_usage_exits_2_and_says_what_would_be_right() {
    for (arguments, expected) in [
        (&["--users", "0"][..], "1..=100000"),
        (&["--orders", "1.5"], "from 0 to 1"),
        (&["--pause", "2s..1s"], "the shorter duration comes first"),
        (&["--duration", "fast"], "--duration"),
        (&["--rate", "0"], "a rate is a number from 0.001"),
        (&["--rate", "10", "--users", "3"], "--users"),
        (&["--rate", "10", "--pause", "1s"], "--pause"),
        (&["--forever", "--duration", "1s"], "--duration"),
        (&["--max-p99", "POST /orders=10ms"], "\"POST /api/orders\""),
        (&["--target", "https://127.0.0.1"], "http://HOST:PORT"),
    ] {
        let ended = with(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(
            ended.errors.contains(expected),
            "{arguments:?}: {}",
            ended.errors
        );
    }
}

#[test]
fn a_target_that_is_not_there_exits_69_and_says_what_to_do() {
    // Not a port that was free a moment ago, which another test may have by now.
    let target = "http://127.0.0.1:1";
    for flag in ["--target", "--gateway-service-url"] {
        let ended = with(&[flag, target]);
        assert_eq!(ended.code, 69, "{ended:?}");
        for expected in [target, "refused", "cargo run", "--target"] {
            assert!(
                ended.errors.contains(expected),
                "{expected}: {}",
                ended.errors
            );
        }
        assert_eq!(ended.output, "");
    }
}

#[test]
fn a_target_that_is_down_or_sells_nothing_exits_69() {
    for (path, reply, expected) in [
        (
            "/health",
            Reply::Other(503, problem(503, "DOWN", "The store is unusable.")),
            "The store is",
        ),
        (
            "/api/products",
            Reply::Other(200, serde_json::json!([])),
            "sells nothing",
        ),
    ] {
        let shop = StandIn::with(move |_, asked| {
            if asked.path == path {
                reply.clone()
            } else {
                Reply::Good
            }
        });
        let ended = Generator::spawn(&mut command(&shop)).end();
        assert_eq!(ended.code, 69, "{ended:?}");
        assert!(ended.errors.contains(expected), "{}", ended.errors);
    }
}

#[test]
fn a_report_that_cannot_be_written_exits_73_before_anything_is_asked() {
    let shop = StandIn::good();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no such folder").join("report.json");
    let ended = Generator::spawn(command(&shop).arg("--report").arg(&file)).end();
    assert_eq!(ended.code, 73, "{ended:?}");
    assert!(ended.errors.contains("report.json"), "{}", ended.errors);
    assert_eq!(shop.most_under_way(), 0);
}
