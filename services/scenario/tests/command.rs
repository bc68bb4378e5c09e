//! The operator's command, beside a real shop: what it switches on is on when it says so, and what it
//! cannot do it says.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use harness::{Scrape, Shop, ShopOptions, eventually};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_scenario");

/// A shop whose services read their faults from a folder.
struct Stage {
    shop: Shop,
    folder: TempDir,
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut shop = Shop::with(ShopOptions {
            without_frontend: true,
            ..ShopOptions::default()
        });
        // Each with a file of its own.
        for name in [
            "product-service",
            "inventory-service",
            "order-service",
            "gateway-service",
        ] {
            let mut environment = shop.environment(name);
            environment.push((
                "FAULTS_FILE",
                folder.path().join(format!("{name}.json")).into(),
            ));
            shop.kill(name);
            shop.start_service_with(name, &environment);
        }
        Self { shop, folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .arg("--faults-folder")
            .arg(self.folder.path());
        for (flag, name) in [
            ("--product-service-url", "product-service"),
            ("--inventory-service-url", "inventory-service"),
            ("--order-service-url", "order-service"),
            ("--gateway-service-url", "gateway-service"),
        ] {
            let address = self.shop.http(name).address();
            command.arg(flag).arg(format!("http://{address}"));
        }
        command.args(arguments).output().unwrap()
    }

    /// Runs it, and asserts that it was carried out; what it said.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    async fn active(&self, service: &str) -> Vec<String> {
        let scrape = Scrape::of(&self.shop.http(service)).await;
        scrape.label_values("fault_active", "fault")
    }
}

/// Asserts this exit code; the error.
fn refused(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_is_on_when_its_start_returns_and_off_when_its_stop_does() {
    let stage = Stage::set();
    assert!(
        stage
            .done(&["list"])
            .lines()
            .all(|line| line.starts_with("off "))
    );
    let said = stage.done(&["start", "slow-look-ups"]);
    assert!(said.contains("slow-look-ups is on"), "{said}");
    assert_eq!(stage.active("product-service").await, ["slow-look-ups"]);
    let file = stage.folder.path().join("product-service.json");
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
    assert!(stage.done(&["list"]).contains("on   slow-look-ups"));
    assert!(
        stage
            .done(&["status"])
            .contains("product-service    slow-look-ups")
    );
    assert!(
        stage
            .done(&["start", "slow-look-ups"])
            .contains("on already")
    );

    stage.done(&["start", "memory-growth"]);
    let both = ["memory-growth", "slow-look-ups"];
    assert_eq!(stage.active("product-service").await, both);
    let said = stage.done(&["stop", "slow-look-ups"]);
    assert_eq!(said, "slow-look-ups is off\n");
    assert_eq!(stage.active("product-service").await, ["memory-growth"]);
    assert_eq!(stage.done(&["stop"]), "memory-growth is off\n");
    assert_eq!(stage.active("product-service").await, Vec::<String>::new());
    assert_eq!(stage.done(&["stop"]), "no scenario was on\n");
    assert_eq!(stage.done(&["stop", "lock"]), "lock is not on\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stock_is_put_back_as_it_was() {
    let stage = Stage::set();
    stage.shop.set_stock("product1", 37).await;
    stage.done(&["start", "stock-out"]);
    assert_eq!(stage.shop.stock("product1").await, 0);
    assert_eq!(stage.active("inventory-service").await, ["stock-out"]);
    stage.shop.buy("product1", 1).await.problem(409);
    stage.done(&["stop", "stock-out"]);
    assert_eq!(stage.shop.stock("product1").await, 37);
    assert_eq!(stage.shop.buy("product1", 1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_does_not_say_is_not_on() {
    let mut stage = Stage::set();
    stage.shop.kill("product-service");
    let environment = stage.shop.environment("product-service");
    // Without FAULTS_FILE.
    stage
        .shop
        .start_service_with("product-service", &environment);
    let error = refused(&stage.run(&["start", "slow-look-ups"]), 69);
    assert!(
        error.contains("does not say within 10 s that slow-look-ups is on"),
        "{error}"
    );
    assert!(error.contains("FAULTS_FILE"), "{error}");
    assert!(
        stage
            .done(&["list"])
            .lines()
            .all(|line| line.starts_with("off ")),
        "undone"
    );

    stage.shop.kill("inventory-service");
    let error = refused(&stage.run(&["start", "stock-out"]), 69);
    assert!(error.contains("inventory-service"), "{error}");
    assert!(stage.done(&["status"]).contains("cannot be asked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let run = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.env_clear().arg("--faults-folder").arg(folder);
        command.args(arguments).output().unwrap()
    };
    let error = refused(&run(Path::new("/nowhere"), &["start", "lock"]), 78);
    assert!(
        error.contains("faults.enable") && error.contains("--faults-folder"),
        "{error}"
    );
    let error = refused(&run(folder.path(), &["start", "lokc"]), 2);
    assert!(error.contains("lock"), "a name to take instead: {error}");
    refused(&run(folder.path(), &[]), 2);
    for name in ["lost-inventory", "slow-disk"] {
        let error = refused(&run(folder.path(), &["start", name]), 69);
        assert!(error.contains("needs systemd"), "{error}");
    }
    // A file that others may write is left alone.
    let file = folder.path().join("inventory-service.json");
    fs::write(&file, "{}").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    let error = refused(&run(folder.path(), &["start", "lock"]), 73);
    assert!(error.contains("0666"), "{error}");
    let page = run(folder.path(), &["show", "lock"]);
    assert!(
        String::from_utf8(page.stdout)
            .unwrap()
            .starts_with("# Stock checks wait")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_somebody_else_is_not_written() {
    let stage = Stage::set();
    let setpriv = Path::new("/usr/bin/setpriv");
    let folder = stage.folder.path();
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    let program = folder.join("scenario");
    fs::copy(PROGRAM, &program).unwrap();
    let output = Command::new(setpriv)
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(&program)
        .arg("--faults-folder")
        .arg(folder)
        .args(["start", "lock"])
        .output();
    match output {
        Ok(output) if output.status.code() != Some(127) && output.status.code() != Some(1) => {
            let error = refused(&output, 77);
            assert!(error.contains("run this as root"), "{error}");
        }
        _ => harness::skip::skip(
            "a_folder_of_somebody_else_is_not_written",
            "no setpriv, or not root",
        ),
    }
}

/// A switch that does nothing is none: each fault meets requests of its route.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_scenario_is_done_to_a_customer() {
    let stage = Stage::set();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let data: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for (service, fault) in data["faults"].as_object().unwrap() {
            if fault == "outside" {
                continue;
            }
            stage.done(&["start", name]);
            eventually(&format!("{name} is done"), async || {
                let _ = stage.shop.gateway().get("/api/products").await;
                let _ = stage.shop.buy("product1", 1).await;
                let scrape = Scrape::of(&stage.shop.http(service)).await;
                match scrape.value("fault_injections_total", &[("fault", name)]) {
                    Some(count) if count > 0.0 => Ok(()),
                    other => Err(other),
                }
            })
            .await;
            stage.done(&["stop", name]);
        }
    }
}
