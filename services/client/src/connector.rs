//! How a connection is made: in bounded time, name and all.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

/// On a network of our own a connection stands within milliseconds, or the host is gone. Shorter
/// than any time that a caller gives, so that a connection that cannot be made is never taken for
/// a peer that is slow to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The connector of hyper, which bounds the time of the connection only, with a bound around the
/// resolution of the name as well: a name server that hangs would hold each request for seconds.
#[derive(Clone, Debug)]
pub(crate) struct Connector(HttpConnector);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {TIMEOUT:?}")]
struct TooSlow;

impl Connector {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // It shares this out among the addresses of the name, so that one that hangs does not take
        // the time of the others.
        connector.set_connect_timeout(Some(TIMEOUT));
        Self(connector)
    }
}

impl Service<Uri> for Connector {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connection = self.0.call(address);
        Box::pin(async move {
            let connection = tokio::time::timeout(TIMEOUT, connection).await;
            Ok(connection.map_err(|_| TooSlow)??)
        })
    }
}
