//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use crate::addresses::Addresses;
use crate::catalogue;

const EXAMPLES: &str = "Examples:
  scenario list                     what there is, and what is on
  scenario start slow-look-ups      switch it on; then look for it on the page, in System
  scenario show slow-look-ups       how it is found, step by step
  scenario stop                     switch everything off
  cargo run --bin scenario -- start slow-look-ups    beside `cargo run`

Faults are possible only where somebody has allowed them: by the option faults.enable of the NixOS
module, or by `cargo run`. Only root, or whoever runs the shop, can switch them.

Exit codes: 0 done, 2 wrong usage, 69 a service or systemd does not do its part (what was begun is
  undone), 73 a file cannot be written, 77 not permitted, 78 faults are not enabled here.";

/// Breaks the shop in a known way, and mends it again, so that people can practise finding out what
/// is wrong.
///
/// Each scenario is visible while it is on: on the page under System, and as the metric fault_active.
#[derive(Clone, Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The folder of the faults files, which the services read: one for each, such as
    /// product-service.json. By default /run/hello-observability/faults, or, where that is not,
    /// .shop/faults, which `cargo run` makes.
    #[arg(long, global = true, env = "FAULTS_FOLDER", value_name = "FOLDER")]
    faults_folder: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) addresses: Addresses,
}

/// The folder on a machine of systemd, and that of `cargo run`.
const FOLDERS: [&str; 2] = ["/run/hello-observability/faults", ".shop/faults"];

impl Args {
    /// The folder of the faults files.
    pub(crate) fn faults_folder(&self) -> PathBuf {
        let folders = FOLDERS.map(PathBuf::from);
        let found = folders.iter().find(|folder| folder.exists());
        let given = self.faults_folder.as_ref();
        given.or(found).unwrap_or(&folders[0]).clone()
    }
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the scenarios, and says which are on.
    List,
    /// Prints the page that teaches how a scenario is found.
    Show {
        /// The scenario.
        #[arg(value_parser = names())]
        name: String,
    },
    /// Switches a scenario on, and waits until the services say that it is.
    Start {
        /// The scenario.
        #[arg(value_parser = names())]
        name: String,
    },
    /// Switches a scenario off, or all of them.
    Stop {
        /// The scenario; all that are on, when none is given.
        #[arg(value_parser = names())]
        name: Option<String>,
    },
    /// Says what is on, as the services say it.
    Status,
}

fn names() -> PossibleValuesParser {
    catalogue::names().into()
}
