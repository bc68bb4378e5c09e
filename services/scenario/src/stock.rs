//! The stock of products, by the gateway: the inventory service itself may answer other services only.

use api::StockLevel;
use http::Method;
use serde_json::json;

use crate::failure::Failure;
use crate::services::{Service, Services};

/// How many pieces there are.
pub(crate) async fn level(services: &Services, product: &str) -> Result<u32, Failure> {
    let path = format!("/api/inventory/{product}");
    let text = services
        .ask(Service::Gateway, Method::GET, &path, "")
        .await?;
    let level: Result<StockLevel, _> = serde_json::from_str(&text);
    level
        .map(|level| level.quantity.get())
        .map_err(|error| Failure::Service {
            service: Service::Gateway,
            url: path,
            what: format!("it answered what is no stock: {error}"),
        })
}

/// Sets how many there are.
pub(crate) async fn set(services: &Services, product: &str, quantity: u32) -> Result<(), Failure> {
    let path = format!("/api/inventory/{product}");
    let body = json!({ "quantity": quantity }).to_string();
    let answer = services.ask(Service::Gateway, Method::PUT, &path, &body);
    answer.await.map(drop)
}
