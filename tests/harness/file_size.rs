//! Services whose files may not grow: each commit fails with an I/O error, as on a broken disk.

use std::path::Path;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::{Process, Shop, binary, eventually};

/// Becomes the service with SIGXFSZ ignored, so that a file that may not grow fails a write and
/// does not end the process.
const WITHOUT_SIGXFSZ: &str = r#"trap "" XFSZ; exec "$0""#;

/// Starts a service of the shop again, at the address that it had, so that [`limit`] fails its
/// writes.
pub async fn start_limitable(shop: &mut Shop, name: &'static str) -> Process {
    shop.kill(name);
    let service = binary(name).into_os_string();
    let arguments = ["-c".into(), WITHOUT_SIGXFSZ.into(), service];
    let environment = shop.environment(name);
    let process = Process::spawn(Path::new("sh"), name, &arguments, &environment);
    let http = shop.http(name);
    eventually("the service is up", async || {
        let health = http.try_send(http::Method::GET, "/health", &[], "").await;
        health.map(drop).map_err(|_| process.errors())
    })
    .await;
    process
}

/// How large the files of a process may become from now on, in bytes.
pub fn limit(process: &Process, bytes: Option<u64>) {
    let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    prlimit(id, Resource::Fsize, limit).expect("a limit");
}
