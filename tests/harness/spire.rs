//! A real SPIRE: server and agent, built from Go's module proxy where they are not on `PATH`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::foreign::{free_address, installed_or_built};
use crate::skip::skip;
use crate::{binary, eventually};

const DOMAIN: &str = "hello-observability";

/// A running SPIRE, which knows a service by the path of its program.
#[derive(Debug)]
pub struct Spire {
    programs: [PathBuf; 2],
    folder: TempDir,
    server: Child,
    agent: Child,
}

impl Spire {
    /// Starts SPIRE with an entry for each of these services and identities of this life; none where there
    /// is neither SPIRE nor Go to build it, which is a skip of `test`.
    pub async fn start(test: &str, services: &[&str], life: Duration) -> Option<Self> {
        let programs = installed_or_built("spire", ["spire-server", "spire-agent"]);
        let Some(programs) = programs else {
            skip(test, "there is neither SPIRE nor Go on PATH");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        configure(folder.path(), services, life);
        let [server, agent] = &programs;
        let server = run(server, folder.path(), "server");
        let told = |arguments: &[&str]| tell(&programs[0], folder.path(), arguments);
        let bundle = eventually("SPIRE's server answers", async || told(&["bundle", "show"])).await;
        std::fs::write(folder.path().join("bundle.pem"), bundle).expect("a file");
        let entries = folder.path().join("entries.json");
        let entries = entries.to_str().expect("a path");
        told(&["entry", "create", "-data", entries]).expect("entries");
        let token = told(&["token", "generate", "-spiffeID", &id("node")]).expect("a token");
        let token = token.trim().strip_prefix("Token: ").expect("a token");
        let agent_settings = std::fs::read_to_string(folder.path().join("agent.json"));
        let agent_settings = agent_settings.expect("a file").replace("TOKEN", token);
        std::fs::write(folder.path().join("agent.json"), agent_settings).expect("a file");
        let agent = run(agent, folder.path(), "agent");
        Some(Self {
            programs,
            folder,
            server,
            agent,
        })
    }

    /// The address of the agent's socket.
    pub fn socket(&self) -> String {
        format!("unix://{}/api.sock", self.folder.path().display())
    }

    /// Kills the agent.
    pub fn kill_agent(&mut self) {
        end(&mut self.agent);
    }

    /// Starts it anew.
    pub fn start_agent(&mut self) {
        self.agent = run(&self.programs[1], self.folder.path(), "agent");
    }

    /// What the agent says to a program that the server was not told of.
    pub fn ask_as_a_stranger(&self) -> Result<String, String> {
        let socket = self.folder.path().join("api.sock");
        let arguments = ["api", "fetch", "x509", "-socketPath"].map(OsStr::new);
        let arguments = arguments.into_iter().chain([socket.as_os_str()]);
        output(Command::new(&self.programs[1]).args(arguments))
    }
}

impl Drop for Spire {
    fn drop(&mut self) {
        end(&mut self.agent);
        end(&mut self.server);
    }
}

fn id(path: &str) -> String {
    format!("spiffe://{DOMAIN}/{path}")
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn run(program: &Path, folder: &Path, part: &str) -> Child {
    let log = std::fs::File::create(folder.join(format!("{part}.log"))).expect("a file");
    Command::new(program)
        .args(["run", "-config", &format!("{part}.json")])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("SPIRE starts")
}

/// A command of the server's, to its private socket.
fn tell(server: &Path, folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let socket = folder.join("private/api.sock");
    let socket = [OsStr::new("-socketPath"), socket.as_os_str()];
    output(Command::new(server).args(arguments).args(socket))
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

/// Writes what server and agent are told. Here a token will do: the agent is attested once.
fn configure(folder: &Path, services: &[&str], life: Duration) {
    let seconds = |lives: u32| format!("{}s", (life * lives).as_secs());
    let address = free_address();
    let server = json!({
        "trust_domain": DOMAIN,
        "data_dir": folder,
        "bind_address": address.ip(),
        "bind_port": address.port(),
        "socket_path": folder.join("private/api.sock"),
        "log_level": "WARN",
        "default_x509_svid_ttl": seconds(1),
        "agent_ttl": "1h",
        "ca_ttl": "24h",
        "experimental": { "cache_reload_interval": "200ms" },
    });
    let server_plugins = json!({
        "DataStore": { "sql": { "plugin_data": {
            "database_type": "sqlite3",
            "connection_string": folder.join("datastore.sqlite3"),
        } } },
        "KeyManager": { "disk": { "plugin_data": { "keys_path": folder.join("keys.json") } } },
        "NodeAttestor": { "join_token": { "plugin_data": {} } },
    });
    let agent = json!({
        "trust_domain": DOMAIN,
        "data_dir": folder.join("agent"),
        "server_address": address.ip(),
        "server_port": address.port(),
        "socket_path": folder.join("api.sock"),
        "trust_bundle_path": folder.join("bundle.pem"),
        "join_token": "TOKEN",
        "log_level": "WARN",
        "experimental": { "sync_interval": "1s" },
    });
    let agent_plugins = json!({
        "KeyManager": { "disk": { "plugin_data": { "directory": folder.join("agent") } } },
        "NodeAttestor": { "join_token": { "plugin_data": {} } },
        "WorkloadAttestor": { "unix": { "plugin_data": { "discover_workload_path": true } } },
    });
    let entries = services.iter().map(|service| {
        let program = std::fs::canonicalize(binary(service)).expect("a program");
        json!({
            "entry_id": service,
            "spiffe_id": id(service),
            "parent_id": id("node"),
            "selectors": [{ "type": "unix", "value": format!("path:{}", program.display()) }],
        })
    });
    let entries = json!({ "entries": entries.collect::<Vec<_>>() });
    std::fs::create_dir(folder.join("agent")).expect("a folder");
    // It takes JSON, but not with the plugins before the rest.
    let settings =
        |part, settings, plugins| format!("{{\"{part}\":{settings},\"plugins\":{plugins}}}");
    for (file, text) in [
        ("server.json", settings("server", server, server_plugins)),
        ("agent.json", settings("agent", agent, agent_plugins)),
        ("entries.json", entries.to_string()),
    ] {
        std::fs::write(folder.join(file), text).expect("a file");
    }
}
