//! How the name of a peer is resolved: a few look-ups at once, each to its end.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Semaphore;
use tower_service::Service;

/// The most look-ups of a peer's name at once. Each takes a blocking thread of the process, and
/// keeps it after its caller has given up, for as long as the name server hangs (resolv.conf(5)):
/// without a bound a burst of requests would take all of them. A look-up takes milliseconds when
/// the name server is well, so a few serve any number of requests.
const LOOKUPS: usize = 4;

/// A resolver with a bound on its look-ups.
#[derive(Clone, Debug)]
pub(crate) struct BoundedResolver<R> {
    resolver: R,
    lookups: Arc<Semaphore>,
}

impl<R> BoundedResolver<R> {
    pub(crate) fn new(resolver: R) -> Self {
        Self {
            resolver,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
        }
    }
}

impl<R> Service<Name> for BoundedResolver<R>
where
    R: Service<Name, Response: Send, Error: Error + Send + Sync, Future: Send> + Clone + Send,
    R: 'static,
{
    type Response = R::Response;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.resolver.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        // The one that is ready; its clone need not be.
        let clone = self.resolver.clone();
        let mut resolver = std::mem::replace(&mut self.resolver, clone);
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let permit = lookups.acquire_owned().await?;
            // A task of its own, since the thread works on when the caller gives up: the permit
            // stays with the look-up.
            let lookup = tokio::spawn(async move {
                let addresses = resolver.call(name).await;
                drop(permit);
                addresses
            });
            Ok(lookup.await??)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{Pending, pending};
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::task::JoinSet;

    use super::*;

    /// A name server that never answers, and how often it has been asked.
    #[derive(Clone, Default)]
    struct Silent(Arc<AtomicUsize>);

    impl Service<Name> for Silent {
        type Response = std::iter::Empty<SocketAddr>;
        type Error = Infallible;
        type Future = Pending<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            self.0.fetch_add(1, Ordering::Relaxed);
            pending()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_name_server_is_asked_no_more_than_a_few_times_even_by_callers_that_give_up() {
        let silent = Silent::default();
        let resolver = BoundedResolver::new(silent.clone());
        let mut callers = JoinSet::new();
        for _ in 0..100 {
            let mut resolver = resolver.clone();
            let name: Name = "order-service".parse().unwrap();
            let lookup = async move { resolver.call(name).await };
            callers.spawn(tokio::time::timeout(Duration::from_secs(1), lookup));
        }
        for result in callers.join_all().await {
            assert!(result.is_err(), "nobody has an answer");
        }
        assert_eq!(silent.0.load(Ordering::Relaxed), LOOKUPS);
    }
}
