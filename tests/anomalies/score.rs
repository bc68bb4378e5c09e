//! `anomaly-detector score`: the rows of a table as they come, judged one after the other.

#![allow(clippy::cast_precision_loss, reason = "counts of some thousands")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use harness::binary;
use tempfile::TempDir;

fn score(text: &str, config: Option<&str>) -> Output {
    let folder = TempDir::new().expect("a folder");
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let mut command = Command::new(binary("anomaly-detector"));
    command.args([
        "score",
        "--timestamp",
        "timestamp",
        "--value",
        "value",
        "--csv",
    ]);
    command.arg(file("table.csv", text));
    if let Some(config) = config {
        command.arg("--config").arg(file("config.json", config));
    }
    command.output().expect("it runs")
}

/// The rows of a table that could be scored, by their fields.
fn rows(text: &str) -> Vec<Vec<String>> {
    rows_with(text, None)
}

fn rows_with(text: &str, config: Option<&str>) -> Vec<Vec<String>> {
    let output = score(text, config);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.lines().skip(1);
    rows.map(|row| row.split(',').map(str::to_owned).collect())
        .collect()
}

fn scores(text: &str) -> Vec<f64> {
    let rows = rows(text).into_iter();
    rows.map(|row| row.last().expect("a score").parse().expect("a number"))
        .collect()
}

/// A table of values, five minutes apart.
fn table(values: impl IntoIterator<Item = f64>) -> String {
    let mut text = "timestamp,value\n".to_owned();
    for (index, value) in values.into_iter().enumerate() {
        let _ = writeln!(text, "{},{value}", 1_700_000_000 + 300 * index);
    }
    text
}

/// Numbers from 0 to 1 that look like noise, the same each time.
fn noise(index: usize) -> f64 {
    let mixed = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A day's wave with noise.
fn wave(index: usize) -> f64 {
    let day = index as f64 / 288.0 * std::f64::consts::TAU;
    100.0 + 40.0 * day.sin() + 6.0 * noise(index)
}

#[test]
fn every_row_comes_back_as_it_was_with_four_columns_more() {
    let text = "id,timestamp,value,note\n1,2024-01-01 00:00:00,1.50,\"a, b\"\n2,2024-01-01T00:05:00Z,1.60,\n";
    let output = score(text, None);
    let answer = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<_> = answer.lines().collect();
    assert_eq!(
        lines[0],
        "id,timestamp,value,note,expected,lower,upper,score"
    );
    assert_eq!(lines[1], "1,2024-01-01 00:00:00,1.50,\"a, b\",,,,0.000000");
    assert!(
        lines[2].starts_with("2,2024-01-01T00:05:00Z,1.60,,1.5,"),
        "{}",
        lines[2]
    );
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_is_said_of_a_row_depends_on_no_later_row_and_the_band_on_no_present_value() {
    let values: Vec<f64> = (0..600).map(wave).collect();
    let whole = rows(&table(values.clone()));
    let part = rows(&table(values[..400].iter().copied()));
    assert_eq!(whole[..400], part[..]);
    let mut other = values;
    other[399] = 1e6;
    let other = rows(&table(other));
    assert_eq!(other[399][2..5], whole[399][2..5], "the band");
    assert_ne!(other[399][5], whole[399][5], "the score");
}

#[test]
fn a_spike_a_drop_and_a_new_level_are_found_and_little_else() {
    let usual: Vec<f64> = (0..3000).map(wave).collect();
    assert!(
        scores(&table(usual.clone()))
            .iter()
            .filter(|score| **score >= 0.99)
            .count()
            <= 3
    );
    let spike = |values: &mut Vec<f64>| values[2000] = 400.0;
    let drop = |values: &mut Vec<f64>| values[2000] = -200.0;
    let level = |values: &mut Vec<f64>| values[2000..].iter_mut().for_each(|value| *value += 200.0);
    let changes = [
        ("spike", &spike as &dyn Fn(&mut Vec<f64>)),
        ("drop", &drop),
        ("level", &level),
    ];
    for (name, change) in changes {
        let mut values = usual.clone();
        change(&mut values);
        let scores = scores(&table(values));
        let found = (2000..2012).any(|index| scores[index] >= 0.99);
        assert!(found, "{name}: {:?}", &scores[1998..2012]);
        let after = scores[2012..]
            .iter()
            .filter(|score| **score >= 0.99)
            .count();
        assert!(after <= 3, "{name}: {after} more");
    }
}

#[test]
fn in_ordinary_weeks_a_score_of_99_in_100_is_rare() {
    for seed in 0..3_usize {
        // A week of minutes: of 10,080 values ten at most.
        let values = (0..10_080).map(|index| {
            let day = index as f64 / 1440.0 * std::f64::consts::TAU;
            let sum: f64 = (0..6)
                .map(|part| noise(seed * 1_000_003 + index * 6 + part) - 0.5)
                .sum();
            50.0 + 10.0 * day.sin() + 2.0 * sum
        });
        let mut text = "timestamp,value\n".to_owned();
        for (index, value) in values.enumerate() {
            let _ = writeln!(text, "{},{value}", 1_700_000_000 + 60 * index);
        }
        let wrong = scores(&text).iter().filter(|score| **score >= 0.99).count();
        assert!(wrong <= 10, "seed {seed}: {wrong}");
    }
}

#[test]
fn a_constant_is_constant_and_the_first_change_is_found() {
    let mut values = vec![5.0; 500];
    assert!(
        scores(&table(values.clone()))
            .iter()
            .all(|score| *score < 0.99)
    );
    values[450] = 6.0;
    let scores = scores(&table(values));
    assert!(scores[450] >= 0.99, "{}", scores[450]);
}

#[test]
fn what_is_missing_huge_repeated_or_out_of_order_is_judged_with_finite_numbers() {
    let mut text = "timestamp,value\n".to_owned();
    for index in 0..300_usize {
        let value = match index % 50 {
            7 => "NaN".to_owned(),
            8 => String::new(),
            9 => "inf".to_owned(),
            10 => "1e300".to_owned(),
            11 => "-1e300".to_owned(),
            _ => format!("{}", wave(index)),
        };
        // Some times twice, some before the one before, some after a gap of a year.
        let time =
            1_700_000_000 + 300 * (index - index % 3) + if index > 200 { 31_536_000 } else { 0 };
        let _ = writeln!(text, "{time},{value}");
    }
    let rows = rows(&text);
    assert_eq!(rows.len(), 300);
    for (index, row) in rows.iter().enumerate() {
        let score: f64 = row[5].parse().expect("a number");
        assert!((0.0..=1.0).contains(&score), "{index}: {row:?}");
        for field in &row[2..5] {
            assert!(
                field.is_empty() || field.parse::<f64>().is_ok_and(f64::is_finite),
                "{row:?}"
            );
        }
    }
    assert_eq!(
        rows[7][5], "0.000000",
        "a value that is missing is no anomaly"
    );
}

#[test]
fn a_counter_that_begins_anew_is_no_anomaly_and_one_that_is_stuck_is() {
    let mut total = 0.0;
    let mut values = Vec::new();
    for index in 0..1000 {
        total = if index == 600 {
            0.0
        } else {
            total + 50.0 + 10.0 * noise(index)
        };
        if index >= 900 {
            total = values[899];
        }
        values.push(total);
    }
    let rows = rows_with(&table(values), Some(r#"{"counter": true}"#));
    let score = |index: usize| rows[index][5].parse::<f64>().expect("a number");
    assert!((600..700).all(|index| score(index) < 0.99));
    assert!((900..910).any(|index| score(index) >= 0.99));
}

#[test]
fn only_the_direction_and_the_size_that_matter_are_found() {
    let mut values: Vec<f64> = (0..1000).map(wave).collect();
    values[900] = -300.0;
    let found = |config: &str| {
        let rows = rows_with(&table(values.clone()), Some(config));
        rows[900][5].parse::<f64>().expect("a number") >= 0.99
    };
    assert!(found(r#"{"direction": "down"}"#));
    assert!(!found(r#"{"direction": "up"}"#));
    assert!(!found(r#"{"tolerance": 1000}"#));
}

#[test]
fn a_bad_row_is_named_by_its_line_and_those_before_it_are_written() {
    for (row, said) in [
        (
            "1700000600,abc",
            "line 4: \"abc\" in column \"value\" is no number",
        ),
        (
            "yesterday,1",
            "line 4: \"yesterday\" in column \"timestamp\" is no time",
        ),
        ("1700000600", "line 4: 1 fields"),
    ] {
        let output = score(
            &format!("timestamp,value\n1700000000,1\n1700000300,2\n{row}\n1700000900,1\n"),
            None,
        );
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(65), "{errors}");
        assert!(errors.contains(said), "{errors}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
    }
}

#[test]
fn a_column_or_a_setting_that_there_is_not_is_said_with_what_there_is() {
    let output = score("time,value\n1,1\n", None);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("no column \"timestamp\"; there are time, value"),
        "{errors}"
    );
    let output = score("timestamp,value\n1,1\n", Some(r#"{"directon": "up"}"#));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("directon") && errors.contains("direction"),
        "{errors}"
    );
}
