//! Programs of others, which the tests and the benchmark run beside the shop.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

/// Where a program is, if it is installed. Those for administrators are not always in the path.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// An address that is free at this moment, for a program that cannot say which one it took.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}
