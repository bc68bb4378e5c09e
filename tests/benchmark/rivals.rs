//! Proxies that others have made, as rows beside the gateway: each with its log of requests, with one
//! thread as the gateway has by default, before the same upstream. One that is not installed is left
//! out, and said to be.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use harness::foreign::{free_address, installed};
use harness::{Process, eventually};
use tempfile::TempDir;

/// A proxy that is installed here.
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    /// Its configuration and its log.
    _folder: TempDir,
}

/// How one is started.
struct Kind {
    name: &'static str,
    program: &'static str,
    /// What follows the program; `CONFIG` is its configuration's path.
    arguments: &'static [&'static str],
    /// `PORT`, `UPSTREAM` and `FOLDER` are filled in.
    config: &'static str,
}

const HAPROXY: Kind = Kind {
    name: "HAProxy with its log",
    program: "haproxy",
    arguments: &["-db", "-f", "CONFIG"],
    config: "\
global
    nbthread 1
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend gateway
    bind 127.0.0.1:PORT
    http-request replace-path /api/(.*) /\\1
    default_backend upstream
backend upstream
    http-reuse always
    server upstream UPSTREAM
",
};

const NGINX: Kind = Kind {
    name: "nginx with its log",
    program: "nginx",
    arguments: &["-p", "FOLDER", "-c", "CONFIG"],
    config: "\
daemon off;
master_process off;
pid FOLDER/pid;
error_log FOLDER/error.log;
events { worker_connections 1024; }
http {
    access_log FOLDER/access.log combined;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    keepalive_requests 1000000;
    upstream upstream { server UPSTREAM; keepalive 64; keepalive_requests 1000000; }
    server {
        listen 127.0.0.1:PORT;
        location /api/ {
            proxy_pass http://upstream/;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
        }
    }
}
",
};

/// Debian builds it without spans.
const CADDY: Kind = Kind {
    name: "Caddy with metrics and its log",
    program: "caddy",
    arguments: &["run", "--adapter", "caddyfile", "--config", "CONFIG"],
    config: "\
{
    admin off
    servers {
        metrics
    }
}
http://:PORT {
    bind 127.0.0.1
    log {
        output file FOLDER/access.log
    }
    handle_path /api/* {
        reverse_proxy UPSTREAM
    }
}
",
};

/// The ones that are installed, before this upstream.
pub(crate) async fn start(upstream: SocketAddr) -> Vec<Rival> {
    let mut rivals = Vec::new();
    for kind in [HAPROXY, NGINX, CADDY] {
        match installed(kind.program) {
            Some(program) => rivals.push(kind.start(&program, upstream).await),
            None => eprintln!("gateway: {} is not installed: no row of it", kind.program),
        }
    }
    rivals
}

impl Kind {
    async fn start(self, program: &Path, upstream: SocketAddr) -> Rival {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let config = folder.path().join("config");
        let filled = |text: &str| {
            text.replace("PORT", &address.port().to_string())
                .replace("UPSTREAM", &upstream.to_string())
                .replace("FOLDER", &folder.path().display().to_string())
                .replace("CONFIG", &config.display().to_string())
        };
        fs::write(&config, filled(self.config)).expect("a file");
        // What it writes to its output is its log, which nobody reads.
        let mut arguments: Vec<OsString> =
            vec!["-c".into(), r#"exec "$0" "$@" >/dev/null 2>&1"#.into()];
        arguments.push(program.into());
        arguments.extend(self.arguments.iter().map(|text| filled(text).into()));
        // Without a home of its own Caddy leaves its files where the benchmark was started.
        let home = [("HOME", folder.path().into())];
        let process = Process::spawn(Path::new("sh"), self.name, &arguments, &home);
        eventually("the proxy listens", async || {
            TcpStream::connect(address).map(drop)
        })
        .await;
        Rival {
            name: self.name,
            process,
            address,
            _folder: folder,
        }
    }
}
