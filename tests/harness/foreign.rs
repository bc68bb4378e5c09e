//! Programs of others, which the tests and the benchmark run beside the shop.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a program is, if it is installed. Those for administrators are not always in the path.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Where these programs are: on `PATH`, or where tests/machines builds them, from Go's module proxy, as
/// `name`. None where neither they nor Go are there.
pub fn installed_or_built<const N: usize>(name: &str, programs: [&str; N]) -> Option<[PathBuf; N]> {
    let found = programs.map(installed);
    if found.iter().all(Option::is_some) {
        return Some(found.map(|file| file.expect("each is there")));
    }
    let build = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("machines/{name}/build"));
    let output = Command::new(build).stderr(Stdio::inherit()).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    let folder = PathBuf::from(folder.trim());
    output
        .status
        .success()
        .then(|| programs.map(|program| folder.join(program)))
}

/// An address that is free, for a program that cannot say which one it took, or for nobody at all. Its port is
/// below those that the kernel gives to whoever asks for any (from 32768, `ip_local_port_range` in ip(7)), so
/// that nobody else has it before the program does; each is given once.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Programs of tests that run at the same time begin at different places.
    let begin = std::process::id().wrapping_mul(101);
    loop {
        let nth = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(nth % 8_000).expect("below 8,000");
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().expect("an address");
        }
    }
}
