//! How a connection is made: in bounded time, name and all.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioIo;
use identity::Identity;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::resolver::BoundedResolver;

/// On a network of our own a connection stands within milliseconds, or the host is gone. Shorter
/// than any time that a caller gives, so that a connection that cannot be made is never taken for
/// a peer that is slow to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A host of another network, and a handshake of TLS on top.
const SECURE_TIMEOUT: Duration = Duration::from_secs(4);

/// The connector of hyper, which bounds the time of the connection only, with a bound around the
/// resolution of the name as well: a name server that hangs would hold each request for seconds.
#[derive(Clone, Debug)]
pub(crate) struct Connector<R = BoundedResolver<GaiResolver>> {
    http: HttpConnector<R>,
    security: Security,
}

/// What a peer has to prove.
#[derive(Clone, Debug)]
pub(crate) enum Security {
    /// Nothing.
    Plain,
    /// That it is the host of its address.
    Host(Arc<ClientConfig>),
    /// That it is the service of this name; we prove who we are in turn.
    Service(Identity, ServerName<'static>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
struct TooSlow(Duration);

impl Connector {
    pub(crate) fn new(security: Security) -> Self {
        Self {
            security,
            ..Self::with_resolver(BoundedResolver::new(GaiResolver::new()))
        }
    }
}

impl<R> Connector<R> {
    fn with_resolver(resolver: R) -> Self {
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.set_nodelay(true);
        // It shares this out among the addresses of the name, so that one that hangs does not take
        // the time of the others.
        connector.set_connect_timeout(Some(TIMEOUT));
        // TLS is above it.
        connector.enforce_http(false);
        Self {
            http: connector,
            security: Security::Plain,
        }
    }
}

impl<R> Service<Uri> for Connector<R>
where
    HttpConnector<R>: Service<Uri, Response = TokioIo<TcpStream>, Error: Error + Send + Sync, Future: Send>
        + Clone
        + 'static,
{
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let secure = match &self.security {
            Security::Plain => None,
            Security::Host(tls) => {
                let mut connector = HttpsConnector::from((self.http.clone(), Arc::clone(tls)));
                connector.enforce_https();
                Some((connector, SECURE_TIMEOUT))
            }
            Security::Service(identity, name) => {
                let name = FixedServerNameResolver::new(name.clone());
                let connector =
                    HttpsConnector::new(self.http.clone(), identity.client(), true, Arc::new(name));
                Some((connector, TIMEOUT))
            }
        };
        if let Some((mut connector, timeout)) = secure {
            let connection = connector.call(address);
            return Box::pin(async move {
                let connection = tokio::time::timeout(timeout, connection).await;
                connection.map_err(|_| TooSlow(timeout))?
            });
        }
        let connection = self.http.call(address);
        Box::pin(async move {
            let connection = tokio::time::timeout(TIMEOUT, connection).await;
            let connection = connection.map_err(|_| TooSlow(TIMEOUT))??;
            Ok(MaybeHttpsStream::Http(connection))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Pending, pending};
    use std::io;
    use std::net::SocketAddr;

    use hyper_util::client::legacy::connect::dns::Name;
    use tokio::time::Instant;

    use super::*;

    /// A name server that never answers.
    #[derive(Clone)]
    struct Silent;

    impl Service<Name> for Silent {
        type Response = std::iter::Empty<SocketAddr>;
        type Error = io::Error;
        type Future = Pending<Result<Self::Response, io::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            pending()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_hangs_holds_a_request_no_longer_than_a_host_that_does() {
        let begun = Instant::now();
        let mut connector = Connector::with_resolver(Silent);
        let connection = connector.call(Uri::from_static("http://order-service:8083"));
        let error = connection.await.unwrap_err();
        assert!(error.is::<TooSlow>(), "{error}");
        assert_eq!(begun.elapsed(), TIMEOUT);
    }
}
