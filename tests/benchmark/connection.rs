//! A connection of a client in this program, which costs as little as it can.

use std::net::SocketAddr;

use hyper::body::Body;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection in plain HTTP.
pub(crate) async fn open<B>(address: SocketAddr) -> SendRequest<B>
where
    B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    over(TokioIo::new(connect(address).await)).await
}

/// What carries a connection.
pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// A connection over what carries it.
pub(crate) async fn over<B>(stream: impl Read + Write + Unpin + Send + 'static) -> SendRequest<B>
where
    B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let (sender, connection) = handshake(stream).await.expect("a connection");
    tokio::spawn(connection);
    sender
}
