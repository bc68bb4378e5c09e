//! An agent that speaks the SPIFFE Workload API and says what a test tells it to. It knows who asks as a
//! real one does: by the process at the other end of its socket.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::transport::Server;
use tonic::transport::server::UdsConnectInfo;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::identities::Identities;

/// What is asked of the agent: nothing more than who one is (X509SVIDRequest).
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Question {}

/// X509SVIDResponse, as far as it is needed.
#[derive(Clone, PartialEq, prost::Message)]
struct Answer {
    #[prost(message, repeated, tag = "1")]
    svids: Vec<Svid>,
}

/// X509SVID.
#[derive(Clone, PartialEq, prost::Message)]
struct Svid {
    #[prost(string, tag = "1")]
    spiffe_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    certificates: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    key: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    authorities: Bytes,
}

/// The agent.
#[derive(Debug)]
pub struct WorkloadApi {
    folder: TempDir,
    known: Known,
    /// Of its own, so that it can be ended with all its connections.
    runtime: Option<Runtime>,
}

/// Who is who, by the name of the program.
#[derive(Clone, Debug)]
struct Known {
    answers: watch::Sender<HashMap<String, Answer>>,
    asked: Arc<AtomicUsize>,
}

impl WorkloadApi {
    /// An agent that knows nobody and does not run.
    pub fn away() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            known: Known {
                answers: watch::Sender::default(),
                asked: Arc::default(),
            },
            runtime: None,
        }
    }

    /// One that runs and knows these services.
    pub fn with(identities: &Identities, services: &[&str]) -> Self {
        let mut agent = Self::away();
        for service in services {
            agent.give(identities, service);
        }
        agent.start();
        agent
    }

    /// The address of its socket.
    pub fn socket(&self) -> String {
        format!("unix://{}", self.path().display())
    }

    /// What a service is told, so that it asks this agent, and answers probes in plain HTTP too.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("IDENTITY", "spiffe".to_owned()),
            ("SPIFFE_ENDPOINT_SOCKET", self.socket()),
            ("PROBES_PORT", "0".to_owned()),
        ]
    }

    /// Starts it, also anew.
    pub fn start(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let _ = std::fs::remove_file(self.path());
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(self.path()).expect("a socket")
        };
        let incoming = stream::unfold(listener, async |listener| {
            let stream = listener.accept().await.map(|(stream, _)| stream);
            Some((stream, listener))
        });
        let server = Server::builder().add_service(self.known.clone());
        runtime.spawn(server.serve_with_incoming(Box::pin(incoming)));
        self.runtime = Some(runtime);
    }

    /// Ends it, and all its connections.
    pub fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        let _ = std::fs::remove_file(self.path());
    }

    /// Gives a service the identity that it has there now.
    pub fn give(&self, identities: &Identities, service: &str) {
        let (certificate, key, authority) = identities.of(service);
        let svid = Svid {
            spiffe_id: format!("spiffe://hello-observability/{service}"),
            certificates: Bytes::copy_from_slice(&certificate),
            key: Bytes::copy_from_slice(key.secret_der()),
            authorities: Bytes::copy_from_slice(&authority),
        };
        let answer = Answer { svids: vec![svid] };
        self.known.answers.send_modify(|answers| {
            answers.insert(service.to_owned(), answer);
        });
    }

    /// Has no identity for a service any more.
    pub fn withdraw(&self, service: &str) {
        self.known.answers.send_modify(|answers| {
            answers.remove(service);
        });
    }

    /// How often it has been asked.
    pub fn asked(&self) -> usize {
        self.known.asked.load(Ordering::Relaxed)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("api.sock")
    }
}

impl Drop for WorkloadApi {
    fn drop(&mut self) {
        self.kill();
    }
}

impl NamedService for Known {
    const NAME: &'static str = "SpiffeWorkloadAPI";
}

impl Service<http::Request<Body>> for Known {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let known = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Answer, Question>::default());
            Ok(grpc.server_streaming(known, request).await)
        })
    }
}

impl ServerStreamingService<Question> for Known {
    type Response = Answer;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Answer, Status>> + Send>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Question>) -> Self::Future {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let caller = caller(&request);
        let mut answers = self.answers.subscribe();
        answers.mark_changed();
        let said = stream::unfold((answers, None), move |(mut answers, last)| {
            let caller = caller.clone();
            async move {
                loop {
                    answers.changed().await.ok()?;
                    let now = answers.borrow().get(&caller).cloned();
                    if now.is_none() {
                        return Some((
                            Err(Status::permission_denied("no identity issued")),
                            (answers, None),
                        ));
                    }
                    if now != last {
                        return Some((Ok(now.clone()?), (answers, now)));
                    }
                }
            }
        });
        Box::pin(async move { Ok(Response::new(Box::pin(said) as Self::ResponseStream)) })
    }
}

/// The name of the program that asks.
fn caller(request: &Request<Question>) -> String {
    let peer = request.extensions().get::<UdsConnectInfo>();
    let id = peer.and_then(|peer| peer.peer_cred?.pid());
    let program = id.and_then(|id| std::fs::read_link(format!("/proc/{id}/exe")).ok());
    let name = program
        .as_deref()
        .and_then(|program| program.file_name()?.to_str());
    name.unwrap_or_default().to_owned()
}
