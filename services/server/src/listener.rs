//! The socket to listen on: the one that systemd hands over, or one of our own.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::time::Duration;

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// How many connections the kernel may hold before they are accepted; it cuts this down to
/// net.core.somaxconn (4096 by default).
const BACKLOG: i32 = 4096;

/// How long the kernel keeps trying to bring an answer to a client that acknowledges nothing, or
/// that has closed its window: the second net below the server's own deadline for writing, for
/// what the server has handed over already. Three times that deadline, so that it never rules.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of an answer the kernel takes that it cannot send yet. Little, since it is memory of
/// each connection, and since a slow client's progress shows in steps of half of it.
const UNSENT_LIMIT: u32 = 16 * 1024;

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
    #[error("the socket cannot be made ready for connections: {0}")]
    Setup(io::Error),
}

/// The sockets of a service: those that systemd hands over (sd_listen_fds(3)), in the order of its
/// socket unit, or its own.
pub(crate) struct Sockets(ListenFd);

impl Sockets {
    /// What systemd hands over. To be called once.
    pub(crate) fn from_systemd() -> Self {
        Self(ListenFd::from_env())
    }

    /// The socket to listen on and its address. It does not block.
    pub(crate) fn bind(
        &mut self,
        host: &str,
        port: u16,
    ) -> Result<(StdListener, SocketAddr), ListenError> {
        self.listen(0, host, port)
    }

    /// The socket for probes and its address, if there is to be one: the second that is handed over.
    pub(crate) fn bind_probes(
        &mut self,
        port: Option<u16>,
    ) -> Result<Option<(StdListener, SocketAddr)>, ListenError> {
        port.map(|port| self.listen(1, "127.0.0.1", port))
            .transpose()
    }

    fn listen(
        &mut self,
        nth: usize,
        host: &str,
        port: u16,
    ) -> Result<(StdListener, SocketAddr), ListenError> {
        let handed_over = self.0.take_tcp_listener(nth);
        let listener = match handed_over.map_err(ListenError::HandedOver)? {
            Some(listener) => listener,
            None => own(host, port)?,
        };
        set_up(&listener).map_err(ListenError::Setup)?;
        let address = listener.local_addr().map_err(ListenError::Setup)?;
        Ok((listener, address))
    }
}

/// Sets what every accepted socket inherits (tcp(7)), once.
fn set_up(listener: &StdListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    // An answer is written in one go; waiting to fill a packet would only delay it.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.set_tcp_notsent_lowat(UNSENT_LIMIT)?;
    listener.set_nonblocking(true)
}

fn own(host: &str, port: u16) -> Result<StdListener, ListenError> {
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

fn listen(address: SocketAddr) -> io::Result<StdListener> {
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

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn an_accepted_socket_inherits_what_the_listener_was_given() {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        set_up(&listener).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (_client, (stream, _)) = (client.unwrap(), accepted.unwrap());
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), UNSENT_LIMIT);
    }
}
