//! Bringing the programs and the page up to date.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::time::Instant;

use crate::args::Args;
use crate::output::print;
use crate::services::SERVICES;

/// The oldest Node.js that the page's tools run on.
const NODE: (u32, u32) = (20, 19);

/// What is in the page's folder beside its sources.
const NO_SOURCES: [&str; 2] = ["node_modules", "dist"];

/// Why the shop could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A tool is missing.
    #[error("{tool} is missing: {fix}")]
    Missing {
        /// The tool.
        tool: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// Node.js is too old.
    #[error(
        "Node.js is {found}, the page needs 20.19 or newer: install one from nodejs.org, or leave the page out with --no-page"
    )]
    OldNode {
        /// What is installed.
        found: String,
    },
    /// A step failed, after it has printed why.
    #[error("{0} failed; see its output above")]
    Failed(String),
    /// A tool could not be started.
    #[error("{tool} cannot be started: {error}")]
    Tool {
        /// The tool.
        tool: String,
        /// The reason.
        error: io::Error,
    },
    /// A file could not be read or written.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
}

/// Where the parts of the shop are.
#[derive(Clone, Debug)]
pub struct Built {
    /// The folder of the services and the load generator.
    pub programs: PathBuf,
    /// The folder of the built page.
    pub page: PathBuf,
}

/// Builds what the command line asks for and is not up to date.
pub fn shop(args: &Args) -> Result<Built, BuildError> {
    let page = if args.no_page || args.bin_dir.is_some() {
        root().join("frontend/dist")
    } else {
        page()?
    };
    let programs = match &args.bin_dir {
        Some(folder) => folder.clone(),
        None => programs()?,
    };
    Ok(Built { programs, page })
}

/// The root of the workspace: two folders above this package, which cargo names when it runs the
/// launcher, and named when it built it.
fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.ancestors().nth(2).unwrap_or(&manifest).to_owned()
}

/// Builds the services and the load generator where cargo sees need, and returns their folder. All
/// programs are built together, in the profile of the launcher and of the tests: for another choice
/// of packages cargo would choose other features of their dependencies, and build all of them again.
fn programs() -> Result<PathBuf, BuildError> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("debug");
    let mut names = SERVICES.iter().map(|service| service.name);
    if names.any(|name| !target.join(name).exists()) {
        print("building the services; the first time takes a minute or two\n");
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root())
        .args(["build", "--workspace", "--bins", "--locked"]);
    run("the build of the services", &mut cargo)?;
    Ok(target)
}

/// Builds the page if its sources have changed since the last time, and returns its folder.
fn page() -> Result<PathBuf, BuildError> {
    let folder = root().join("frontend");
    let (dist, stamp) = (folder.join("dist"), folder.join("dist/.sources"));
    let sources = digest(&folder)?;
    if fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(dist);
    }
    check_node()?;
    print("building the page\n");
    let begun = Instant::now();
    let npm = |arguments: &[&str]| {
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(arguments);
        npm
    };
    run("npm ci", &mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    run("npm run build", &mut npm(&["run", "build"]))?;
    fs::write(&stamp, sources).map_err(|error| BuildError::File { path: stamp, error })?;
    let seconds = begun.elapsed().as_secs();
    print(&format!("built the page in {seconds} s\n"));
    Ok(dist)
}

fn run(step: &str, command: &mut Command) -> Result<(), BuildError> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(BuildError::Failed(step.to_owned())),
        Err(error) => Err(BuildError::Tool {
            tool: command.get_program().to_string_lossy().into_owned(),
            error,
        }),
    }
}

fn check_node() -> Result<(), BuildError> {
    let missing = |tool| BuildError::Missing {
        tool,
        fix: "install Node.js 20.19 or newer (on Debian 13: apt install nodejs npm; else from nodejs.org), or leave the page out with --no-page",
    };
    let version = |tool: &str| Command::new(tool).arg("--version").output();
    let output = version("node").map_err(|_| missing("Node.js"))?;
    version("npm").map_err(|_| missing("npm"))?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = found
        .trim_start_matches('v')
        .split('.')
        .map_while(|part| part.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= NODE => Ok(()),
        _ => Err(BuildError::OldNode { found }),
    }
}

/// A hash of the names and contents of all sources of the page.
fn digest(folder: &Path) -> Result<String, BuildError> {
    let mut hasher = DefaultHasher::new();
    for file in files(folder)? {
        file.strip_prefix(folder).unwrap_or(&file).hash(&mut hasher);
        let content = fs::read(&file).map_err(|error| BuildError::File { path: file, error })?;
        content.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let failed = |error| BuildError::File {
        path: folder.to_owned(),
        error,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let no_source = NO_SOURCES.iter().any(|name| entry.file_name() == *name);
        if entry.path().is_dir() && !no_source {
            found.extend(files(&entry.path())?);
        } else if entry.path().is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
