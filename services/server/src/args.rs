//! The settings of the server: flags, with the environment as fallback.

use std::path::PathBuf;

use clap::Args;

/// Flags of the server. `PORT` is the contract's port of the service.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
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

    /// How many connections may be open. One more closes the one that has been idle longest.
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "CONNECTIONS", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
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
