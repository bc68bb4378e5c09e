//! The binaries under test: the build of the workspace that `cargo test` has made already, or the
//! ones in `SHOP_BIN_DIR`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

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
    let status = Command::new(env!("CARGO"))
        .current_dir(&root)
        // The whole workspace: for a choice of packages cargo would choose other features of their
        // dependencies, and build all of those again.
        .args(["build", "--workspace", "--bins", "--locked"])
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the build failed; its errors stand above");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join("debug")
}
