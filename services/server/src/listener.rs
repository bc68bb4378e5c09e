//! The socket to listen on: the one that systemd hands over, or one of our own.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, Socket, Type};

/// How many connections the kernel may hold before they are accepted; it cuts this down to
/// net.core.somaxconn (4096 by default).
const BACKLOG: i32 = 4096;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    #[error("LISTEN_FDS: the socket that was handed over cannot be used: {0}")]
    HandedOver(io::Error),
    #[error("{address} is taken: stop what listens there, or choose another --port")]
    Taken { address: SocketAddr },
    #[error("--host {host}: {error}")]
    Host { host: String, error: io::Error },
    #[error("{address}: {error}")]
    Bind {
        address: SocketAddr,
        error: io::Error,
    },
}

pub(crate) fn bind(host: &str, port: u16) -> Result<TcpListener, ListenError> {
    let handed_over = ListenFd::from_env()
        .take_tcp_listener(0)
        .map_err(ListenError::HandedOver)?;
    let listener = match handed_over {
        Some(listener) => listener,
        None => own(host, port)?,
    };
    listener
        .set_nonblocking(true)
        .map_err(ListenError::HandedOver)?;
    Ok(listener)
}

fn own(host: &str, port: u16) -> Result<TcpListener, ListenError> {
    let unknown = |error| ListenError::Host {
        host: host.to_owned(),
        error,
    };
    let addresses = (host, port).to_socket_addrs().map_err(unknown)?;
    let no_address = unknown(io::ErrorKind::AddrNotAvailable.into());
    // A name may have an address that this host lacks (::1 without IPv6): the first that works.
    let mut failure = Err(no_address);
    for address in addresses {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                failure = Err(ListenError::Taken { address });
            }
            Err(error) => failure = Err(ListenError::Bind { address, error }),
        }
    }
    failure
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restart must not wait for the predecessor's connections to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
