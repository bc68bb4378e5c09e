//! A shop that can be made to fail: prints the frontend's address, and then obeys lines on its
//! standard input until they end, each a verb and what it is for. It answers each by a line.

use std::path::Path;

use harness::stand_in::{Behaviour, StandIn};
use harness::{Shop, ShopOptions};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() {
    let inventory = StandIn::start().await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/dist");
    let mut shop = Shop::with(ShopOptions {
        assets: Some(page),
        environment: vec![("INVENTORY_SERVICE_URL", inventory.url())],
        ..ShopOptions::default()
    });
    inventory.stand_before(shop.http("inventory-service").address());
    println!("http://{}", shop.frontend().address());
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match line.split_once(' ') {
            Some(("hang", path)) => inventory.set(path, Behaviour::Hang),
            Some(("pass", path)) => inventory.set(path, Behaviour::Pass),
            Some(("kill", "order-service")) => shop.kill("order-service"),
            Some(("start", "order-service")) => shop.start_service("order-service"),
            _ => panic!("not understood: {line}"),
        }
        println!("done");
    }
}
