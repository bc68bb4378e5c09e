//! Whether the ports of the shop are free; checked before anything is started.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};

use crate::args::Args;
use crate::services::{DETECTOR, SERVICES, Service, receiver_port};

/// What the launcher's own receiver is called.
const RECEIVER: &str = "telemetry";

/// A port that is not free.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another process listens there.
    #[error(
        "port {port} of {name} is taken\n  see who has it:      ss -ltnp 'sport = :{port}'\n  or use other ports:  cargo run -- --port-offset 100"
    )]
    Taken {
        /// What needs it.
        name: &'static str,
        /// The port.
        port: u16,
    },
    /// Another reason.
    #[error("port {port} of {name}: {error}")]
    Other {
        /// What needs it.
        name: &'static str,
        /// The port.
        port: u16,
        /// The reason.
        error: io::Error,
    },
}

/// Tries each port that will be needed; the first that is not free is the error.
pub fn check(args: &Args) -> Result<(), PortError> {
    for (name, host, port) in needed(args) {
        // std sets SO_REUSEADDR: connections of the last run in TIME_WAIT do not count.
        match TcpListener::bind((host, port)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(PortError::Taken { name, port });
            }
            Err(error) => return Err(PortError::Other { name, port, error }),
        }
    }
    Ok(())
}

fn needed(args: &Args) -> impl Iterator<Item = (&'static str, IpAddr, u16)> {
    let services: &[Service] = if args.receiver_only { &[] } else { &SERVICES };
    let detector = args.detects().is_some().then_some(&DETECTOR);
    let services = services
        .iter()
        .chain(detector)
        .map(|service| (service.name, Ipv4Addr::LOCALHOST.into(), service.port(args)));
    let receiver = (RECEIVER, args.receiver_host, receiver_port(args));
    services.chain(args.receives().then_some(receiver))
}
