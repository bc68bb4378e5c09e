//! A stand-in before a real service: it hands requests on, until a test has it behave badly.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// The service gets it, and its answer goes back.
    Pass,
    /// Nobody gets it, and it is never answered.
    Hang,
    /// Nobody gets it, and the connection is closed in place of an answer.
    Break,
    /// The service gets it, and the connection is closed in place of its answer.
    LoseAnswer,
    /// Nobody gets it, and it is answered with this status and JSON.
    Answer(StatusCode, Value),
    /// Nobody gets it, and it is answered with 503 and `Retry-After`, as by a server that has too much to do.
    NotNow,
    /// The service gets it after so long, and its answer goes back.
    Slow(Duration),
}

/// A running stand-in.
#[derive(Clone, Debug)]
pub struct StandIn {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

#[derive(Debug, Default)]
struct State {
    service: Option<SocketAddr>,
    behaviours: BTreeMap<String, Behaviour>,
    arrived: BTreeMap<String, usize>,
    headers: BTreeMap<String, HeaderMap>,
}

/// Why a connection is closed in place of an answer.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the test wants it so")
    }
}

impl std::error::Error for Broken {}

impl StandIn {
    /// A stand-in on a free port, before nobody yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let stand_in = Self {
            address: listener.local_addr().expect("an address"),
            state: Arc::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        tokio::spawn(stand_in.clone().serve(listener));
        stand_in
    }

    /// Its address as a peer's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Hands requests on to this service from now on.
    pub fn stand_before(&self, service: SocketAddr) {
        self.state().service = Some(service);
    }

    /// Changes what becomes of requests to this path. Those that hang stay so.
    pub fn set(&self, path: &str, behaviour: Behaviour) {
        self.state().behaviours.insert(path.to_owned(), behaviour);
    }

    /// How many requests to this path have come.
    pub fn arrived(&self, path: &str) -> usize {
        self.state().arrived.get(path).copied().unwrap_or_default()
    }

    /// The headers of the last request to this path.
    pub fn headers(&self, path: &str) -> Option<HeaderMap> {
        self.state().headers.get(path).cloned()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    async fn serve(self, listener: TcpListener) -> Infallible {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let stand_in = self.clone();
            let answer = service_fn(move |request| stand_in.clone().answer(request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Broken> {
        let path = request.uri().path().to_owned();
        let behaviour = {
            let mut state = self.state();
            let behaviour = state.behaviours.get(&path).cloned();
            let headers = request.headers().clone();
            state.headers.insert(path.clone(), headers);
            *state.arrived.entry(path).or_default() += 1;
            behaviour.unwrap_or(Behaviour::Pass)
        };
        match behaviour {
            Behaviour::Pass => self.pass(request).await,
            Behaviour::Hang => std::future::pending().await,
            Behaviour::Break => Err(Broken),
            Behaviour::NotNow => Ok(Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .header(header::RETRY_AFTER, "1")
                .body(Full::default())
                .expect("a response")),
            Behaviour::Slow(pause) => {
                tokio::time::sleep(pause).await;
                self.pass(request).await
            }
            Behaviour::LoseAnswer => self.pass(request).await.and(Err(Broken)),
            Behaviour::Answer(status, body) => Ok(Response::builder()
                .status(status)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::from(body.to_string()))
                .expect("a response")),
        }
    }

    async fn pass(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Broken> {
        let service = self.state().service.expect("a service to stand before");
        let (mut head, body) = request.into_parts();
        head.uri = format!("http://{service}{}", head.uri)
            .parse()
            .expect("a URL");
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        let request = Request::from_parts(head, Full::from(body));
        let answer = self.client.request(request).await.map_err(|_| Broken)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        Ok(Response::from_parts(head, Full::from(body)))
    }
}
