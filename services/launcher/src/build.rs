//! Bringing the programs and the page up to date.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;

use tokio::time::Instant;

use crate::args::Args;
use crate::output::print;
use crate::services::{DETECTOR, LOAD_GENERATOR, SERVICES};

/// The oldest Node.js that the page's tools run on.
const NODE: (u32, u32) = (20, 19);

/// What is in the page's folder beside its sources.
const NO_SOURCES: [&str; 2] = ["node_modules", "dist"];

/// The digest of the sources of which the page was built last, below its folder.
const STAMP: &str = "dist/.sources";

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

/// Builds what the command line asks for and is not up to date, the page beside the programs. Each
/// is finished even if the other fails: the next run needs it.
pub fn shop(args: &Args) -> Result<Built, BuildError> {
    let page = root().join("frontend");
    let sources = if args.no_page || args.bin_dir.is_some() {
        None
    } else {
        changed_sources(&page)?
    };
    if sources.is_some() {
        check_node()?;
    }
    let (built, programs) = thread::scope(|scope| {
        let built = scope.spawn(|| sources.map_or(Ok(()), |sources| build_page(&page, sources)));
        let programs = match &args.bin_dir {
            Some(folder) => Ok(folder.clone()),
            None => programs(args.detects().is_some()),
        };
        (built.join().expect("it does not panic"), programs)
    });
    built?;
    Ok(Built {
        programs: programs?,
        page: page.join("dist"),
    })
}

/// The root of the workspace: two folders above this package, which cargo names when it runs the
/// launcher, and named when it built it.
fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.ancestors().nth(2).unwrap_or(&manifest).to_owned()
}

/// Builds the services that are started, and the load generator, where cargo sees need, and returns
/// their folder. They are named as programs of the whole workspace, in the profile of the launcher and
/// of the tests: for a choice of packages cargo would choose other features of their dependencies, and
/// build all of those again.
fn programs(with_detector: bool) -> Result<PathBuf, BuildError> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("debug");
    let names = SERVICES.map(|service| service.name);
    if names.iter().any(|name| !target.join(name).exists()) {
        print("building the services; the first time takes a minute or two\n");
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root())
        .args(["build", "--workspace", "--locked"]);
    let detector = with_detector.then_some(&DETECTOR.name);
    for name in names.iter().chain([&LOAD_GENERATOR]).chain(detector) {
        cargo.args(["--bin", name]);
    }
    let status = cargo.status();
    finished("the build of the services", &cargo, status)?;
    Ok(target)
}

/// A digest of the page's sources, if they have changed since it was built.
fn changed_sources(folder: &Path) -> Result<Option<String>, BuildError> {
    let sources = digest(folder)?;
    let built = fs::read_to_string(folder.join(STAMP));
    Ok((built.ok().as_ref() != Some(&sources)).then_some(sources))
}

/// Builds the page from these sources.
fn build_page(folder: &Path, sources: String) -> Result<(), BuildError> {
    print("building the page beside them\n");
    let begun = Instant::now();
    npm(folder, &["ci"])?;
    npm(folder, &["run", "build"])?;
    let stamp = folder.join(STAMP);
    fs::write(&stamp, sources).map_err(|error| BuildError::File { path: stamp, error })?;
    let seconds = begun.elapsed().as_secs();
    print(&format!("built the page in {seconds} s\n"));
    Ok(())
}

/// Runs npm. What it wrote is printed only when it failed, as cargo has the terminal meanwhile.
fn npm(folder: &Path, arguments: &[&str]) -> Result<(), BuildError> {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(arguments);
    let output = npm.args(["--no-audit", "--no-fund"]).output();
    if let Ok(output) = &output
        && !output.status.success()
    {
        print(&String::from_utf8_lossy(&output.stdout));
        print(&String::from_utf8_lossy(&output.stderr));
    }
    let step = format!("npm {}", arguments.join(" "));
    finished(&step, &npm, output.map(|output| output.status))
}

/// How a step came out.
fn finished(
    step: &str,
    command: &Command,
    status: io::Result<ExitStatus>,
) -> Result<(), BuildError> {
    match status {
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
