//! The accept loops, one of each worker, and the drain.
//!
//! The drain has three phases. *Lingering*: the listeners are closed; connections go on, and each
//! answer says `Connection: close`, so that clients leave without a request under way. *Closing*:
//! idle connections are closed, busy ones after their answer. *Cut*: the bound has passed.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt as _;
use identity::Identity;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use crate::connection;
use crate::connections::{Connections, Place};
use crate::phase::Phase;
use crate::workers::Workers;

/// How long connections linger: an answer under load comes every few milliseconds, and a client
/// with a pool asks more often than this.
const LINGER: Duration = Duration::from_millis(500);

/// How long requests may take to end after that: the gateway's own deadline.
const DRAIN_BOUND: Duration = Duration::from_secs(10);

/// What every connection is served with.
pub(crate) struct Server {
    router: Router,
    /// Where there is one, each caller has to show its own.
    identity: Option<Identity>,
    connections: Arc<Connections>,
    workers: Workers,
    phase: watch::Sender<Phase>,
}

impl Server {
    /// A server with these places for connections.
    pub(crate) fn new(
        router: Router,
        identity: Option<Identity>,
        connections: Arc<Connections>,
        workers: Workers,
    ) -> Arc<Self> {
        Arc::new(Self {
            router,
            identity,
            connections,
            workers,
            phase: watch::Sender::new(Phase::Serving),
        })
    }

    /// Has every worker accept connections from `listener` until the drain begins. `watchdog` are the
    /// doors of the workers.
    pub(crate) fn start(
        self: &Arc<Self>,
        listener: &StdListener,
        watchdog: Vec<mpsc::Receiver<UnixStream>>,
    ) -> io::Result<JoinSet<()>> {
        let mut loops = JoinSet::new();
        for (worker, watchdog) in self.workers.all().iter().zip(watchdog) {
            let (server, listener) = (Arc::clone(self), listener.try_clone()?);
            let _inside = worker.runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            loops.spawn_on(
                async move { server.accept(listener, watchdog).await },
                &worker.runtime,
            );
        }
        Ok(loops)
    }

    /// Drains; returns how many connections had to be cut.
    pub(crate) async fn drain(&self, mut loops: JoinSet<()>) -> Result<usize, JoinError> {
        self.phase.send_replace(Phase::Lingering);
        while let Some(ended) = loops.join_next().await {
            ended?;
        }
        let _ = tokio::time::timeout(LINGER, self.connections.all_closed()).await;
        self.phase.send_replace(Phase::Closing);
        let _ = tokio::time::timeout(DRAIN_BOUND, self.connections.all_closed()).await;
        Ok(self.connections.count())
    }

    /// Accepts connections until the drain begins. `watchdog` are connections of our own, which have
    /// a place beside the limit.
    async fn accept(&self, listener: TcpListener, mut watchdog: mpsc::Receiver<UnixStream>) {
        let mut phase = self.phase.subscribe();
        let draining = phase.wait_for(|phase| *phase != Phase::Serving).map(drop);
        tokio::pin!(draining);
        // While all places are taken by busy connections, one waits here and the rest in the
        // backlog.
        let mut waiting = None;
        loop {
            tokio::select! {
                () = &mut draining => break,
                Some(stream) = watchdog.recv() => self.serve_beside(stream),
                place = self.connections.place(), if waiting.is_some() => {
                    if let Some(accepted) = waiting.take() {
                        self.serve(accepted, place);
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
        if let Some(accepted) = waiting {
            self.serve(accepted, self.connections.take_place());
        }
        self.accept_backlog(listener);
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
            self.serve(accepted, self.connections.take_place());
        }
    }

    /// Gives a connection to the worker that has time for it.
    fn serve(&self, (stream, client): (TcpStream, SocketAddr), place: Place) {
        let (worker, share) = self.workers.least_busy();
        let identity = self.identity.clone();
        let (router, phase) = (self.router.clone(), self.phase.subscribe());
        let queue = worker.queue.clone();
        if worker.is_current() {
            worker.runtime.spawn(async move {
                connection::accepted(stream, client, router, identity, queue, place, phase).await;
                drop(share);
            });
            return;
        }
        // It belongs to the runtime that has accepted it.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        worker.runtime.spawn(async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                connection::accepted(stream, client, router, identity, queue, place, phase).await;
            }
            drop(share);
        });
    }

    fn serve_beside(&self, stream: UnixStream) {
        let (router, phase) = (self.router.clone(), self.phase.subscribe());
        let place = self.connections.place_beside();
        tokio::spawn(connection::serve(stream, None, router, None, place, phase));
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
