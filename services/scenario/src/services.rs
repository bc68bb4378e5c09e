//! The services, and what they say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use api::PeerUrl;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::folder::Folder;

/// A service looks at its file once a second; a busy host gets ten times that.
const SAID_BOUND: Duration = Duration::from_secs(10);

/// How often it is asked meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// One request; they answer within milliseconds, unless the fault is theirs.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer; the metrics of a service have some 100 KiB.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// A service of the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) enum Service {
    #[serde(rename = "frontend")]
    Frontend,
    #[serde(rename = "gateway-service")]
    Gateway,
    #[serde(rename = "product-service")]
    Product,
    #[serde(rename = "inventory-service")]
    Inventory,
    #[serde(rename = "order-service")]
    Order,
}

impl Service {
    pub(crate) const ALL: [Self; 5] = [
        Self::Frontend,
        Self::Gateway,
        Self::Product,
        Self::Inventory,
        Self::Order,
    ];
}

impl fmt::Display for Service {
    /// The name of its unit.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Frontend => "frontend",
            Self::Gateway => "gateway-service",
            Self::Product => "product-service",
            Self::Inventory => "inventory-service",
            Self::Order => "order-service",
        })
    }
}

/// A client of all services.
#[derive(Debug)]
pub(crate) struct Services {
    addresses: BTreeMap<Service, PeerUrl>,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Services {
    /// By the address of each.
    pub(crate) fn new(addresses: BTreeMap<Service, PeerUrl>) -> Self {
        Self {
            addresses,
            http: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    fn address(&self, service: Service) -> &PeerUrl {
        &self.addresses[&service]
    }

    /// The faults that a service says are on.
    pub(crate) async fn active(&self, service: Service) -> Result<BTreeSet<String>, Failure> {
        let text = self.ask(service, Method::GET, "/metrics", "").await?;
        Ok(active(&text))
    }

    /// Waits until a service says that a fault is on, or off. One that does not run has none on.
    pub(crate) async fn wait(
        &self,
        service: Service,
        name: &str,
        on: bool,
        folder: &Folder,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + SAID_BOUND;
        loop {
            let says_so = match self.active(service).await {
                Ok(active) => active.contains(name) == on,
                Err(_) => !on,
            };
            if says_so {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::NotSaid {
                    service,
                    url: self.address(service).to_string(),
                    name: name.to_owned(),
                    wanted: if on { "on" } else { "off" },
                    seconds: SAID_BOUND.as_secs(),
                    path: folder.file(service),
                });
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Sends a request, with JSON unless `body` is empty; the text of the answer, which has to be a
    /// success.
    pub(crate) async fn ask(
        &self,
        service: Service,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<String, Failure> {
        let address = self.address(service);
        let failed = |what: String| Failure::Service {
            service,
            url: address.to_string(),
            what,
        };
        let path = PathAndQuery::try_from(path).expect("paths of the contract");
        let mut request = Request::builder().method(method).uri(address.join(path));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::from(body.to_owned()))
            .expect("a method and an address make a request");
        let exchange = async {
            let answer = self.http.request(request).await;
            let (head, body) = answer
                .map_err(|error| failed(format!("it gives no answer: {error}")))?
                .into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await;
            let body = body.map_err(|error| failed(format!("its answer broke off: {error}")))?;
            let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            if head.status == StatusCode::OK {
                Ok(text)
            } else {
                Err(failed(format!("it answered {}: {text}", head.status)))
            }
        };
        tokio::time::timeout(TIMEOUT, exchange)
            .await
            .unwrap_or_else(|_| Err(failed(format!("no answer in {} s", TIMEOUT.as_secs()))))
    }
}

/// The faults that the text of a service's metrics says are on.
fn active(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| {
            line.strip_prefix("fault_active{fault=\"")?
                .strip_suffix("\"} 1")
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_on_when_its_series_is_1() {
        let text = "# TYPE fault_active gauge\nfault_active{fault=\"a\"} 1\nfault_active{fault=\"b\"} 0\nother{fault=\"c\"} 1\n";
        assert_eq!(active(text), BTreeSet::from(["a".to_owned()]));
    }
}
