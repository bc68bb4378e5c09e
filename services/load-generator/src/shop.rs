//! The shop as its client sees it: one request for each step, and what the answer has to be.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, StatusCode};

use crate::answers::{self, Answered};
use crate::failure::Failure;
use crate::http_client::HttpClient;
use crate::step::Step;

/// The stock after a restock: enough for some hundreds of orders.
const RESTOCK: u32 = 1000;

/// The shop.
#[derive(Debug)]
pub(crate) struct Shop {
    client: HttpClient,
    /// Tells this run's idempotency keys from those of every other run. It does not follow from the
    /// seed: a repeated run makes new orders.
    run: u64,
    orders: AtomicU64,
}

/// Why there is no traffic.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("it does not answer ({0})")]
    Unreachable(Failure),
    #[error("it does not work ({0})")]
    Unhealthy(Failure),
    #[error("it sells nothing; add a product with POST /api/products")]
    Empty,
}

impl Shop {
    pub(crate) fn new(client: HttpClient) -> Self {
        Self {
            client,
            run: rand::random(),
            orders: AtomicU64::new(0),
        }
    }

    /// Checks that the shop works, and returns the ids of what it sells.
    pub(crate) async fn open(&self) -> Result<Vec<String>, ShopError> {
        let health = self
            .client
            .get("/health")
            .await
            .map_err(ShopError::Unreachable)?;
        if health.status != StatusCode::OK {
            return Err(ShopError::Unhealthy(health.unexpected()));
        }
        let products = self.list().await.map_err(ShopError::Unhealthy)?;
        if products.is_empty() {
            return Err(ShopError::Empty);
        }
        Ok(products)
    }

    /// Takes a step, and checks the answer.
    pub(crate) async fn take(&self, step: &Step) -> Result<Answered, Failure> {
        match step {
            Step::List => self.list().await.map(Answered::Products),
            Step::Look(product) => {
                let answer = self.client.get(&format!("/api/products/{product}")).await?;
                answers::product(&answer, product)
            }
            Step::LookForNothing => {
                let answer = self.client.get("/api/products/no-such-product").await?;
                answers::unknown_product(&answer)
            }
            Step::Buy { product, quantity } => {
                let body = format!("{{\"productId\":\"{product}\",\"quantity\":{quantity}}}");
                let (method, key) = (Method::POST, Some(self.key()));
                let answer = self.client.send(method, "/api/orders", key, body).await?;
                answers::order(&answer, product, *quantity)
            }
            Step::Restock(product) => {
                let path = format!("/api/inventory/{product}");
                let body = format!("{{\"quantity\":{RESTOCK}}}");
                let answer = self.client.send(Method::PUT, &path, None, body).await?;
                answers::stock(&answer, product)
            }
        }
    }

    async fn list(&self) -> Result<Vec<String>, Failure> {
        answers::products(&self.client.get("/api/products").await?)
    }

    fn key(&self) -> String {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number}", self.run)
    }
}
