//! The stock of products, by the inventory service's API.

use api::StockLevel;
use http::Method;
use serde_json::json;

use crate::failure::Failure;
use crate::services::{Service, Services};

/// How many pieces there are.
pub(crate) async fn level(services: &Services<'_>, product: &str) -> Result<u32, Failure> {
    let path = format!("/inventory/{product}");
    let text = services
        .ask(Service::Inventory, Method::GET, &path, "")
        .await?;
    let level: Result<StockLevel, _> = serde_json::from_str(&text);
    level
        .map(|level| level.quantity.get())
        .map_err(|error| Failure::Service {
            service: Service::Inventory,
            url: path,
            what: format!("it answered what is no stock: {error}"),
        })
}

/// Sets how many there are.
pub(crate) async fn set(
    services: &Services<'_>,
    product: &str,
    quantity: u32,
) -> Result<(), Failure> {
    let path = format!("/inventory/{product}");
    let body = json!({ "quantity": quantity }).to_string();
    let answer = services.ask(Service::Inventory, Method::PUT, &path, &body);
    answer.await.map(drop)
}
