//! The report: the keys that programs rely on, the table for people, and an early end.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::Value;

use crate::generator::{Generator, bare, command, run};
use crate::stand_in::{Reply, StandIn, problem, trace_id};

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_keys_of_the_report_are_stable_and_documented_in_the_help() {
    let down = Reply::Other(503, problem(503, "Service unavailable", "It is down."));
    let shop = StandIn::with_orders(down);
    let report = run(&shop, "--users 2 --pause 0s --duration 200ms --seed 7").report();
    let expected = "abandoned endpoints expected failed interrupted missed_thresholds mode rate
        requests seconds seed started_late_ms target users";
    assert_eq!(keys(&report), expected.split_whitespace().collect());
    assert_eq!(report["target"], shop.url());
    assert_eq!(
        (&report["mode"], &report["users"]),
        (&"closed".into(), &2.into())
    );
    assert_eq!(
        (&report["seed"], &report["interrupted"]),
        (&7.into(), &false.into())
    );

    let endpoints = "GET /api/products|GET /api/products/{id}|POST /api/orders";
    assert_eq!(keys(&report["endpoints"]), endpoints.split('|').collect());
    for endpoint in report["endpoints"].as_object().unwrap().values() {
        let expected = "examples expected failed latency_ms rate requests";
        assert_eq!(keys(endpoint), expected.split_whitespace().collect());
        assert_eq!(
            keys(&endpoint["latency_ms"]),
            ["max", "p50", "p90", "p99"].into()
        );
        let latency = |quantile: &str| endpoint["latency_ms"][quantile].as_f64().unwrap();
        assert!(latency("p50") <= latency("p90") && latency("p90") <= latency("p99"));
        assert!(0.0 < latency("p50") && latency("p99") <= latency("max"));
    }
    let example = &report["endpoints"]["POST /api/orders"]["examples"]["status 503"];
    assert_eq!(keys(example), ["detail", "status", "trace_id"].into());

    let open = run(&shop, "--rate 100 --duration 100ms").report();
    let difference: BTreeSet<_> = keys(&open)
        .symmetric_difference(&keys(&report))
        .copied()
        .collect();
    assert_eq!(difference, ["requested_rate", "users"].into());

    let help = bare().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for key in keys(&report).union(&keys(&open)).chain(&keys(example)) {
        assert!(help.contains(key), "{key} is missing in --help");
    }
}

#[test]
fn the_requests_of_the_report_are_those_that_arrived() {
    let shop = StandIn::good();
    let report = run(&shop, "--users 3 --pause 0s --duration 200ms").report();
    assert_eq!(report["requests"], shop.asked().len());
    assert_eq!(report["abandoned"], 0);
    let endpoints = report["endpoints"].as_object().unwrap().values();
    let sum: u64 = endpoints
        .map(|endpoint| endpoint["requests"].as_u64().unwrap())
        .sum();
    assert_eq!(report["requests"], sum);
}

#[test]
fn a_person_gets_a_table_and_a_file_gets_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let down = Reply::Other(503, problem(503, "Service unavailable", "It is down."));
    let shop = StandIn::with_orders(down);
    let mut command = command(&shop);
    let arguments = "--users 1 --orders-only --pause 0s --duration 200ms --seed 7";
    command
        .args(arguments.split_whitespace())
        .arg("--report")
        .arg(&file);
    let ended = Generator::spawn(&mut command).end();
    assert_eq!(ended.code, 0, "no threshold, nothing to miss");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();

    let table = &ended.output;
    assert!(table.starts_with("endpoint"), "{table}");
    let failed = &report["endpoints"]["POST /api/orders"]["failed"]["status 503"];
    let line = table
        .lines()
        .find(|line| line.contains("status 503"))
        .unwrap();
    let words: Vec<_> = line.split_whitespace().take(3).collect();
    assert_eq!(words, ["status", "503", &failed.to_string()]);
    assert!(
        line.contains("It is down.") && line.contains(&trace_id(3)),
        "{line}"
    );
    assert!(table.contains("seed 7"), "{table}");
    assert!(!table.contains('\u{1b}'), "no colour off a terminal");
    assert!(
        ended.errors.contains("1 users at http://127.0.0.1:"),
        "{}",
        ended.errors
    );
}

#[test]
fn a_run_without_a_seed_prints_the_one_it_picked() {
    let shop = StandIn::good();
    let ended = run(&shop, "--users 1 --pause 0s --duration 50ms");
    let seed = ended.report()["seed"].as_u64().unwrap();
    assert!(
        ended.errors.contains(&format!("with seed {seed}")),
        "{ended:?}"
    );
}

#[test]
fn a_signal_ends_the_run_with_its_report() {
    for signal in [Signal::INT, Signal::TERM] {
        for arguments in [
            "--users 2 --pause 1h",
            "--rate 1000 --duration 1h",
            "--forever --users 1",
        ] {
            let shop = StandIn::good();
            let generator = Generator::start(&shop, arguments);
            shop.wait_for(2);
            generator.signal(signal);
            let ended = generator.end();
            let report = ended.report();
            assert_eq!(
                (ended.code, &report["interrupted"]),
                (0, &true.into()),
                "{ended:?}"
            );
            assert_eq!(report["requests"], shop.asked().len(), "{arguments}");
            assert_eq!(
                (&report["abandoned"], &report["failed"]),
                (&0.into(), &0.into())
            );
        }
    }
}

#[test]
fn a_signal_does_not_wait_for_answers_that_never_come_but_reports_them() {
    let shop = StandIn::with_orders(Reply::Never);
    let generator = Generator::start(&shop, "--users 3 --orders-only --forever --timeout 1h");
    // A list and an order each.
    shop.wait_for(6);
    let report = generator.interrupt().report();
    assert_eq!(
        (&report["requests"], &report["abandoned"]),
        (&3.into(), &3.into()),
        "{report}"
    );
}

#[test]
fn the_end_of_the_duration_waits_for_requests_in_flight() {
    let shop = StandIn::with_orders(Reply::Never);
    let arguments = "--users 3 --orders-only --pause 0s --duration 50ms --timeout 500ms";
    let report = run(&shop, arguments).report();
    assert_eq!(
        report["endpoints"]["POST /api/orders"]["failed"]["timeout"], 3,
        "{report}"
    );
    assert_eq!(report["abandoned"], 0);
}
