//! How the services do, as the page's server asks for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use harness::eventually;
use serde_json::{Value, json};

use crate::opened::{Launcher, PORTS, binaries};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_shows_in_the_series_of_each_service_and_its_trace_behind_them() {
    let shop = Launcher::open(&[], &[]).await;
    let order = json!({ "productId": "product1", "quantity": 2 });
    let page = shop.launcher.http(3001);
    let overview = async |what: fn(&Value) -> bool| {
        let answer = page.get("/system/overview").await;
        if answer.status == 200 && what(&answer.json()) {
            Ok(answer.json())
        } else {
            Err(answer)
        }
    };
    // A rate needs a scrape before the order, too.
    eventually("the first scrape", async || {
        overview(|overview| {
            let services = overview["services"].as_array().unwrap();
            services
                .iter()
                .all(|service| !service["series"]["up"].is_null())
        })
        .await
    })
    .await;
    let bought = page.post("/api/orders", &order).await;
    assert_eq!(bought.status, 201, "{bought:?}");
    let found = eventually("a rate for each service", async || {
        overview(|overview| {
            let services = overview["services"].as_array().unwrap();
            services.iter().all(|service| {
                let rates = service["series"]["rate"].as_array();
                rates.is_some_and(|rates| rates.iter().any(|point| point[1].as_f64() > Some(0.0)))
            })
        })
        .await
    })
    .await;
    for service in found["services"].as_array().unwrap() {
        let series = &service["series"];
        for name in ["errors", "p95", "cpu", "memory"] {
            assert!(series[name].is_array(), "{name}: {service}");
        }
        let stores = service["name"] != "frontend" && service["name"] != "gateway-service";
        assert_eq!(series["queue"].is_array(), stores, "{service}");
    }
    assert_eq!(found["alerts"], json!([]));

    for service in [
        "frontend",
        "gateway-service",
        "order-service",
        "inventory-service",
    ] {
        let exemplars = page
            .get(&format!("/system/exemplars/{service}"))
            .await
            .json();
        let exemplars = exemplars["exemplars"].as_array().unwrap();
        let traces = exemplars.iter().map(|exemplar| &exemplar["traceId"]);
        assert!(
            traces.into_iter().any(|trace| *trace == bought.trace_id()),
            "{service}: {exemplars:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_told_of_while_it_is_on() {
    let shop = Launcher::open(&[], &[]).await;
    let folder = shop.data().join("faults");
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o700, "for the user alone");
    let page = shop.launcher.http(3001);
    let told = async |faults: Value| {
        eventually("what is on is told", async || {
            let answer = page.get("/system/faults").await;
            if answer.status == 200 && answer.json()["faults"] == faults {
                Ok(())
            } else {
                Err(answer)
            }
        })
        .await;
    };
    told(json!([])).await;
    let scenario = |arguments: &[&str]| {
        let mut command = Command::new(binaries().join("scenario"));
        command.arg("--faults-folder").arg(&folder);
        for (service, port) in PORTS {
            if service != "telemetry" {
                let flag = format!("--{service}-url");
                let url = format!("http://127.0.0.1:{}", port + shop.launcher.offset);
                command.arg(flag).arg(url);
            }
        }
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    scenario(&["start", "lock"]);
    told(json!([{ "name": "lock", "service": "inventory-service" }])).await;
    scenario(&["stop"]);
    told(json!([])).await;
}
