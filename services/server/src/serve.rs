//! The accept loop and the drain.
//!
//! The drain has three phases. *Lingering*: the listener is closed; connections go on, and each
//! answer says `Connection: close`, so that clients leave without a request under way. *Closing*:
//! idle connections are closed, busy ones after their answer. *Cut*: the bound has passed.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use identity::Identity;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{mpsc, watch};

use crate::connection;
use crate::connections::{Connections, Place};
use crate::phase::Phase;

/// How long connections linger: an answer under load comes every few milliseconds, and a client
/// with a pool asks more often than this.
const LINGER: Duration = Duration::from_millis(500);

/// How long requests may take to end after that: the gateway's own deadline.
const DRAIN_BOUND: Duration = Duration::from_secs(10);

/// What every connection is served with.
pub(crate) struct Server {
    router: Router,
    /// Whoever connects shows who it is, if there is one.
    identity: Option<Identity>,
    connections: Arc<Connections>,
    phase: watch::Sender<Phase>,
}

impl Server {
    /// A server with these places for connections.
    pub(crate) fn new(
        router: Router,
        identity: Option<Identity>,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            router,
            identity,
            connections,
            phase: watch::Sender::new(Phase::Serving),
        }
    }

    /// Serves until `stop` ends, then drains; returns how many connections had to be cut.
    /// `watchdog` are connections of our own, which have a place beside the limit.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        mut watchdog: mpsc::Receiver<UnixStream>,
        stop: impl Future<Output = ()>,
    ) -> usize {
        tokio::pin!(stop);
        // While all places are taken by busy connections, one waits here and the rest in the
        // backlog.
        let mut waiting = None;
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(stream) = watchdog.recv() => self.spawn_beside(stream),
                place = self.connections.place(), if waiting.is_some() => {
                    if let Some(accepted) = waiting.take() {
                        self.spawn(accepted, place);
                    }
                }
                accepted = listener.accept(), if waiting.is_none() => match accepted {
                    Ok(accepted) => waiting = Some(accepted),
                    Err(error) => wait_after(&error).await,
                },
            }
        }
        // Tells the watchdog that the drain has begun.
        drop(watchdog);
        self.phase.send_replace(Phase::Lingering);
        if let Some(accepted) = waiting {
            self.spawn(accepted, self.connections.take_place());
        }
        self.accept_backlog(listener);
        let _ = tokio::time::timeout(LINGER, self.connections.all_closed()).await;
        self.phase.send_replace(Phase::Closing);
        let _ = tokio::time::timeout(DRAIN_BOUND, self.connections.all_closed()).await;
        self.connections.count()
    }

    /// Accepts what the kernel has accepted already, then closes the listener.
    fn accept_backlog(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        let next = || -> io::Result<(TcpStream, SocketAddr)> {
            let (stream, client) = listener.accept()?;
            stream.set_nonblocking(true)?;
            Ok((TcpStream::from_std(stream)?, client))
        };
        while let Ok(accepted) = next() {
            self.spawn(accepted, self.connections.take_place());
        }
    }

    fn spawn(&self, (stream, client): (TcpStream, SocketAddr), place: Place) {
        let (router, phase) = (self.router.clone(), self.phase.subscribe());
        let identity = self.identity.clone();
        tokio::spawn(connection::accepted(
            stream, client, router, identity, place, phase,
        ));
    }

    fn spawn_beside(&self, stream: UnixStream) {
        let (router, phase) = (self.router.clone(), self.phase.subscribe());
        let place = self.connections.place_beside();
        tokio::spawn(connection::serve(stream, None, router, place, phase));
    }
}

/// A client that has gone away needs no wait. Without file descriptors nothing can be accepted
/// until one is free, and trying again at once would only burn the processor.
async fn wait_after(error: &io::Error) {
    let of_the_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    );
    if !of_the_client {
        tracing::error!(%error, "no connection can be accepted: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
