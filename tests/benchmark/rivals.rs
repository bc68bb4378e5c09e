//! Proxies that others have made, as rows beside the gateway: each with its log of requests, before the
//! same upstream. HAProxy and nginx have one thread, as the gateway has by default; Caddy has as many as
//! there are cores. One that is not installed is left out, and said to be.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use harness::foreign::{free_address, installed};
use harness::{Process, eventually};
use tempfile::TempDir;

use crate::receiver::Receiver;

/// A proxy that is installed here.
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    /// What the gateway's throughput should at least be, in times of this one's.
    pub(crate) goal: Option<f64>,
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    /// Where its spans go, if it makes any.
    pub(crate) receiver: Option<Receiver>,
    /// Its configuration and its log.
    _folder: TempDir,
}

/// How one is started.
struct Kind {
    name: &'static str,
    goal: Option<f64>,
    program: &'static str,
    /// Whether it makes spans. Only Caddy can.
    spans: bool,
    /// What follows the program; `CONFIG` is its configuration's path.
    arguments: &'static [&'static str],
    /// `PORT`, `UPSTREAM` and `FOLDER` are filled in, and `SPANS` with Caddy's directive for them or nothing.
    config: &'static str,
}

const HAPROXY: Kind = Kind {
    name: "HAProxy with its log",
    goal: Some(0.65),
    program: "haproxy",
    spans: false,
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
    goal: None,
    program: "nginx",
    spans: false,
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

const CADDY: Kind = Kind {
    name: "Caddy with metrics and its log",
    goal: None,
    program: "caddy",
    spans: false,
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
    SPANS
    log {
        output file FOLDER/access.log
    }
    handle_path /api/* {
        reverse_proxy UPSTREAM
    }
}
",
};

/// With all that the gateway has. Debian builds Caddy without spans; its makers' releases have them, and
/// so has what Go's module proxy gives (`go install github.com/caddyserver/caddy/v2/cmd/caddy@latest`).
const CADDY_WITH_SPANS: Kind = Kind {
    name: "Caddy with spans, metrics and its log",
    goal: Some(4.0),
    spans: true,
    ..CADDY
};

/// The ones that are installed, before this upstream.
pub(crate) async fn start(upstream: SocketAddr) -> Vec<Rival> {
    let mut rivals = Vec::new();
    for kind in [HAPROXY, NGINX, CADDY, CADDY_WITH_SPANS] {
        let name = kind.name;
        match installed(kind.program) {
            Some(program) if kind.can_be(&program) => {
                rivals.push(kind.start(&program, upstream).await);
            }
            Some(_) => eprintln!(
                "gateway: {} is built without spans: no row of {name}",
                kind.program
            ),
            None => eprintln!(
                "gateway: {} is not installed: no row of {name}",
                kind.program
            ),
        }
    }
    rivals
}

impl Kind {
    /// Whether this program was built with what it needs.
    fn can_be(&self, program: &Path) -> bool {
        if !self.spans {
            return true;
        }
        let output = Command::new(program).arg("list-modules").output();
        let modules = output.expect("a program that runs").stdout;
        let mut modules = modules.split(|&byte| byte == b'\n');
        modules.any(|module| module == b"http.handlers.tracing")
    }

    async fn start(self, program: &Path, upstream: SocketAddr) -> Rival {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let config = folder.path().join("config");
        let filled = |text: &str| {
            text.replace("PORT", &address.port().to_string())
                .replace("UPSTREAM", &upstream.to_string())
                .replace("FOLDER", &folder.path().display().to_string())
                .replace("SPANS", if self.spans { "tracing" } else { "" })
                .replace("CONFIG", &config.display().to_string())
        };
        fs::write(&config, filled(self.config)).expect("a file");
        // What it writes to its output is its log, which nobody reads.
        let mut arguments: Vec<OsString> =
            vec!["-c".into(), r#"exec "$0" "$@" >/dev/null 2>&1"#.into()];
        arguments.push(program.into());
        arguments.extend(self.arguments.iter().map(|text| filled(text).into()));
        // Without a home of its own Caddy leaves its files where the benchmark was started.
        let mut environment = vec![("HOME", OsString::from(folder.path()))];
        let mut receiver = None;
        if self.spans {
            let started = Receiver::start().await;
            environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", started.endpoint().into()));
            receiver = Some(started);
        }
        let process = Process::spawn(Path::new("sh"), self.name, &arguments, &environment);
        eventually("the proxy listens", async || {
            TcpStream::connect(address).map(drop)
        })
        .await;
        Rival {
            name: self.name,
            goal: self.goal,
            process,
            address,
            receiver,
            _folder: folder,
        }
    }
}
