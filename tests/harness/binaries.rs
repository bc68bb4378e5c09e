//! The binaries under test: the release build, made when it is missing or stale.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// What a shop consists of.
const PACKAGES: [&str; 6] = [
    "frontend",
    "gateway-service",
    "product-service",
    "inventory-service",
    "order-service",
    "load-generator",
];

/// The path of a binary of the release build. The first call has cargo bring the build up to
/// date, which takes a moment when nothing has changed.
pub fn release_binary(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(build).join(name)
}

fn build() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    // A prebuilt folder, for those who test what they have installed.
    if let Some(directory) = std::env::var_os("SHOP_BIN_DIR") {
        return directory.into();
    }
    let mut build = Command::new(env!("CARGO"));
    build
        .current_dir(&root)
        .args(["build", "--release", "--locked"]);
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    let status = build.status().expect("cargo runs");
    assert!(
        status.success(),
        "the release build failed; its errors stand above"
    );
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join("release")
}
