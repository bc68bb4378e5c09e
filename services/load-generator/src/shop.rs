//! The shop as a client sees it: a request, and what is to be said of its answer.

use std::time::{Duration, Instant};

use api::{Order, Product};
use bytes::Bytes;
use client::PeerUrl;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::scenario::Step;

/// The pieces to which a shelf is filled up.
const RESTOCK: u32 = 1000;

/// The most that is read of an answer.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// The shop.
#[derive(Debug)]
pub(crate) struct Shop {
    target: PeerUrl,
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

/// Why there is no traffic.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("{target} does not answer: {reason}")]
    Away { target: PeerUrl, reason: String },
    #[error("{target} sells nothing")]
    Empty { target: PeerUrl },
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) endpoint: &'static str,
    pub(crate) kind: Kind,
}

/// How an answer is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it should be.
    Good,
    /// A failure that belongs to the game: a product that does not exist, too little stock.
    Expected(&'static str),
    /// Anything else: what it was, and an example to follow it by.
    Failed { what: String, example: String },
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Shop {
    pub(crate) fn new(target: PeerUrl, timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // The servers keep an idle connection for ten seconds; a user may think for longer.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(5))
            .build(connector);
        Self {
            target,
            client,
            timeout,
        }
    }

    /// The ids of all products, as soon as the shop tells them.
    pub(crate) async fn wait_for_products(
        &self,
        bound: Duration,
    ) -> Result<Vec<String>, ShopError> {
        let deadline = Instant::now() + bound;
        loop {
            let reason = match self.list().await {
                (_, Some(products)) if products.is_empty() => {
                    return Err(ShopError::Empty {
                        target: self.target.clone(),
                    });
                }
                (_, Some(products)) => return Ok(products),
                (
                    Outcome {
                        kind: Kind::Failed { what, example },
                        ..
                    },
                    None,
                ) => {
                    format!("{what} ({example})")
                }
                (_, None) => "nothing".to_owned(),
            };
            if Instant::now() > deadline {
                return Err(ShopError::Away {
                    target: self.target.clone(),
                    reason,
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The list, and the products on it when it could be had.
    pub(crate) async fn list(&self) -> (Outcome, Option<Vec<String>>) {
        let endpoint = "GET /api/products";
        let answer = self
            .send(Method::GET, "/api/products", None, Bytes::new())
            .await;
        let mut products = None;
        let kind = judge(answer, |answer| {
            let listed: Vec<Product> = serde_json::from_slice(&answer.body).ok()?;
            products = Some(
                listed
                    .into_iter()
                    .map(|product| product.id.to_string())
                    .collect(),
            );
            (answer.status == StatusCode::OK).then_some(Kind::Good)
        });
        (Outcome { endpoint, kind }, products)
    }

    /// Takes a step, and fills the shelf up when there was too little and `restock` is set.
    pub(crate) async fn take(&self, step: &Step, restock: bool) -> Outcome {
        match step {
            Step::List => self.list().await.0,
            Step::Look(product) => self.look(product).await,
            Step::LookForNothing => {
                let endpoint = "GET /api/products/{id}";
                let path = "/api/products/no-such-product";
                let answer = self.send(Method::GET, path, None, Bytes::new()).await;
                let kind = judge(answer, |answer| {
                    let unknown = answer.status == StatusCode::NOT_FOUND;
                    unknown.then_some(Kind::Expected("unknown product"))
                });
                Outcome { endpoint, kind }
            }
            Step::Buy {
                product,
                quantity,
                key,
            } => {
                let outcome = self.buy(product, *quantity, *key).await;
                if restock && outcome.kind == Kind::Expected("short stock") {
                    let path = format!("/api/inventory/{product}");
                    let body = format!("{{\"quantity\":{RESTOCK}}}");
                    let _ = self.send(Method::PUT, &path, None, body.into()).await;
                }
                outcome
            }
        }
    }

    async fn look(&self, product: &str) -> Outcome {
        let path = format!("/api/products/{product}");
        let answer = self.send(Method::GET, &path, None, Bytes::new()).await;
        let kind = judge(answer, |answer| {
            let found: Product = serde_json::from_slice(&answer.body).ok()?;
            (answer.status == StatusCode::OK && found.id.as_str() == product).then_some(Kind::Good)
        });
        Outcome {
            endpoint: "GET /api/products/{id}",
            kind,
        }
    }

    /// An order is believed only when it is the one that was asked for, and adds up to the cent.
    async fn buy(&self, product: &str, quantity: u32, key: u128) -> Outcome {
        let body = format!("{{\"productId\":\"{product}\",\"quantity\":{quantity}}}");
        let key = format!("{key:032x}");
        let answer = self
            .send(Method::POST, "/api/orders", Some(&key), body.into())
            .await;
        let kind = judge(answer, |answer| match answer.status {
            StatusCode::CREATED | StatusCode::ACCEPTED => {
                let order: Order = serde_json::from_slice(&answer.body).ok()?;
                let right = order.product_id.as_str() == product
                    && order.quantity.get() == quantity
                    && order.total_price == order.unit_price.times(order.quantity);
                let settled = answer.status == StatusCode::CREATED;
                right.then_some(if settled {
                    Kind::Good
                } else {
                    Kind::Expected("pending")
                })
            }
            StatusCode::CONFLICT => Some(Kind::Expected("short stock")),
            _ => None,
        });
        Outcome {
            endpoint: "POST /api/orders",
            kind,
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, String> {
        let path = PathAndQuery::try_from(path).map_err(|error| error.to_string())?;
        let mut request = Request::builder()
            .method(method)
            .uri(self.target.join(path));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| {
                if error.is_connect() {
                    "no connection"
                } else {
                    "broken connection"
                }
                .to_owned()
            })?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await;
            let body = body.map_err(|_| "broken connection".to_owned())?.to_bytes();
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body,
            })
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or(Err("timeout".to_owned()))
    }
}

/// `expect` says how a good answer is counted; what it does not know is a failure.
fn judge(answer: Result<Answer, String>, expect: impl FnOnce(&Answer) -> Option<Kind>) -> Kind {
    let answer = match answer {
        Ok(answer) => answer,
        Err(what) => {
            return Kind::Failed {
                what,
                example: "no answer".to_owned(),
            };
        }
    };
    expect(&answer).unwrap_or_else(|| {
        let status = answer.status.as_u16();
        let good = answer.status.is_success();
        let what = if good {
            "bad body".to_owned()
        } else {
            format!("status {status}")
        };
        let header = |name| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let trace = header("traceresponse").and_then(|value| value.split('-').nth(1));
        let body: String = String::from_utf8_lossy(&answer.body)
            .chars()
            .take(200)
            .collect();
        let example = format!("trace {}: {body}", trace.unwrap_or("unknown"));
        Kind::Failed { what, example }
    })
}
