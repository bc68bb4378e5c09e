//! The shop as a client sees it: its endpoints, and one request to each.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, StatusCode};

use crate::answers::{self, Answered};
use crate::failure::Failure;
use crate::http_client::HttpClient;
use crate::scenario::Step;

/// The pieces to which a shelf is filled up: some hundred orders.
const RESTOCK: u32 = 1000;

/// What is asked of the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    List,
    Detail,
    Order,
    Restock,
}

/// The shop.
#[derive(Debug)]
pub(crate) struct Shop {
    client: HttpClient,
    /// Parts this run's idempotency keys from those of every other. They are no choice of the
    /// seed: a run that is repeated makes new orders.
    run: u64,
    orders: AtomicU64,
}

/// Why there is no traffic.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("it does not answer ({0})")]
    Away(Failure),
    #[error("it is not well ({0})")]
    Unwell(Failure),
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

    /// Whether there is a shop at all, and the ids of what it sells.
    pub(crate) async fn open(&self) -> Result<Vec<String>, ShopError> {
        let health = self.client.get("/health").await.map_err(ShopError::Away)?;
        if health.status != StatusCode::OK {
            return Err(ShopError::Unwell(health.unexpected()));
        }
        let products = self.list().await.map_err(ShopError::Unwell)?;
        if products.is_empty() {
            return Err(ShopError::Empty);
        }
        Ok(products)
    }

    /// Takes a step, and says whether the answer is what it should be.
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

impl Endpoint {
    const ALL: [Self; 4] = [Self::List, Self::Detail, Self::Order, Self::Restock];

    /// Method and route, as in the report and in thresholds.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::List => "GET /api/products",
            Self::Detail => "GET /api/products/{id}",
            Self::Order => "POST /api/orders",
            Self::Restock => "PUT /api/inventory/{id}",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(|known| format!("\"{known}\"")).join(", ");
            format!("there is no endpoint \"{text}\"; there are {names}")
        })
    }
}
