//! The settings of the server: flags, with the environment as fallback.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;
use identity::IdentityArgs;

use crate::limits::Limits;

/// What systemd sets and no flag can: sd_notify(3), sd_listen_fds(3), systemd.exec(5).
const OF_SYSTEMD: &str = "\
Set by systemd, where it runs the service:
  NOTIFY_SOCKET          Where the service says that it is ready, reloading or stopping
  WATCHDOG_USEC          How often the service has to show that it still answers
  LISTEN_FDS             A socket that is handed over; it takes the place of --host and --port
  CREDENTIALS_DIRECTORY  Where a file otlp-headers may hold headers for the OTLP receiver";

/// As many requests can wait as there are connections, and to answer them all once takes a worker a tenth
/// of a second. A queue that stays longer than twice that is more than the service can do; one that is
/// shorter costs less than to refuse what waits in it, and far less than its clients' patience.
const SHED_AFTER_MS: u32 = 250;

/// Flags of the server. `PORT` is the contract's port of the service.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server", after_help = OF_SYSTEMD)]
pub struct ServerArgs<const PORT: u16> {
    /// The address or name to listen on. Not used when systemd hands over a socket (LISTEN_FDS).
    #[arg(
        long,
        env = "HOST",
        value_name = "ADDRESS",
        default_value = "127.0.0.1"
    )]
    pub host: String,

    /// The port to listen on; 0 takes a free one and says which in the log.
    #[arg(long, env = "PORT", value_name = "PORT", default_value_t = PORT)]
    pub port: u16,

    /// How many connections may be open.
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "CONNECTIONS", help = max_connections_help(), default_value_t = Limits::get().max_connections, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// How many threads run requests, each with connections of its own. More than one helps a
    /// service that is busy on a whole core.
    #[arg(
        long,
        env = "WORKER_THREADS",
        value_name = "THREADS",
        default_value = "1"
    )]
    pub worker_threads: NonZero<usize>,

    /// Refuse requests (503, lists first) once they have waited for longer than this until a thread had
    /// time for them, if that lasts for a second; in milliseconds, 0 for never.
    #[arg(
        long,
        env = "SHED_AFTER_MS",
        value_name = "MILLISECONDS",
        default_value_t = SHED_AFTER_MS,
        value_parser = clap::value_parser!(u32).range(..=10_000)
    )]
    pub shed_after_ms: u32,

    /// A file in which an operator switches faults on, for practice. It is read at the start and
    /// whenever it changes; only root or the user of the service may be able to write it. Without
    /// this, no fault can be switched on.
    #[arg(long, env = "FAULTS_FILE", value_name = "FILE")]
    pub faults_file: Option<PathBuf>,

    /// A second port, on loopback, for probes and metrics alone: where the first one asks each caller
    /// for an identity, which a scraper may not have. systemd may hand its socket over, as the second.
    #[arg(long, env = "PROBES_PORT", value_name = "PORT")]
    pub probes_port: Option<u16>,

    /// Who the service is.
    #[command(flatten)]
    pub identity: IdentityArgs,
}

fn max_connections_help() -> String {
    let idle = Limits::get().max_idle_connections;
    format!(
        "How many connections may be open, of which at most {idle} idle. One more closes the one \
         that has been idle longest"
    )
}

/// The flag of a service that keeps a store.
#[derive(Args, Clone, Debug)]
pub struct StateArgs {
    /// The folder of the store; systemd's StateDirectory= sets it.
    #[arg(
        long,
        env = "STATE_DIRECTORY",
        value_name = "FOLDER",
        default_value = "state"
    )]
    pub state_directory: PathBuf,
}
