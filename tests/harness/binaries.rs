//! The programs under test: those of the profile in which the harness itself was built, or the ones
//! in `SHOP_BIN_DIR`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The programs, each of a package of the same name.
const PROGRAMS: [&str; 7] = [
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
    "load-generator",
    "anomaly-detector",
];

/// The path of a program of the shop. The first call has cargo bring the build up to date, which
/// takes a moment when nothing has changed.
pub fn binary(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(build).join(name)
}

fn build() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    // A prebuilt folder: the release build, or what is installed.
    if let Some(directory) = std::env::var_os("SHOP_BIN_DIR") {
        return root.join(PathBuf::from(directory));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&root).args(["build", "--locked"]);
    let (profile, choice) = if cfg!(debug_assertions) {
        // With the features of the whole workspace, as `cargo test` and `cargo run` have it: for a
        // choice of packages cargo would choose other features of their dependencies, and build all
        // of those again.
        cargo.arg("--workspace");
        ("debug", "--bin")
    } else {
        // What the benchmark measures is built as it is shipped.
        cargo.arg("--release");
        ("release", "--package")
    };
    for program in PROGRAMS {
        cargo.args([choice, program]);
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "the build failed; its errors stand above");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join(profile)
}
