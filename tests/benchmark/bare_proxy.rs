//! The gateway's work on bare hyper, without telemetry: a server, a pooled client, bodies
//! streamed both ways, the headers of one connection removed, a deadline. It runs as a process of
//! its own, as the gateway does.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// As the gateway's.
const TIMEOUT: Duration = Duration::from_secs(10);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Serves until it is killed; prints where.
pub(crate) async fn run(upstream: SocketAddr) -> ExitCode {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(connector);
    let upstream: Authority = upstream.to_string().parse().expect("an address is one");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (client, upstream) = (client.clone(), upstream.clone());
        let service = service_fn(move |request| hand_on(client.clone(), upstream.clone(), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn hand_on(
    client: Client<HttpConnector, Incoming>,
    upstream: Authority,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Error> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    let path = path.strip_prefix("/api").unwrap_or(path);
    *request.uri_mut() = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(upstream)
        .path_and_query(path)
        .build()?;
    remove_headers_of_this_hop(request.headers_mut());
    request.headers_mut().remove(header::HOST);
    let mut response = tokio::time::timeout(TIMEOUT, client.request(request)).await??;
    remove_headers_of_this_hop(response.headers_mut());
    Ok(response)
}

fn remove_headers_of_this_hop(headers: &mut HeaderMap) {
    for name in [
        header::CONNECTION,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::EXPECT,
    ] {
        headers.remove(name);
    }
}
