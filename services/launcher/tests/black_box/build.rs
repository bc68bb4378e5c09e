//! Building what is out of date: a missing tool and a failed step are named.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::opened::{Launcher, free_offset};

/// A host with a workspace whose page is not built, and with these tools, each a shell script.
struct Host(TempDir);

impl Host {
    fn with(tools: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir_all(folder.path().join("frontend/src")).unwrap();
        std::fs::write(folder.path().join("frontend/package.json"), "{}").unwrap();
        for (name, script) in tools {
            let tool = bin.join(name);
            std::fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    /// Starts the launcher there, and gives its exit code and all that it wrote.
    fn launch(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let path = |below: &str| -> OsString { self.0.path().join(below).into() };
        let environment = [
            ("PATH", path("bin")),
            ("CARGO_MANIFEST_DIR", path("services/launcher")),
        ];
        let mut launcher = Launcher::start(free_offset(), arguments, &environment);
        let code = launcher.end().code();
        let mut text = launcher.process.lines().join("\n");
        text += &launcher.process.errors();
        (code, text)
    }

    fn has(&self, below: &str) -> bool {
        Path::new(self.0.path()).join(below).exists()
    }
}

const NODE: (&str, &str) = ("node", "echo v22.1.0");
const BUILT: &str = "PATH=/usr/bin:/bin; [ $1 = run ] && mkdir -p dist && : >> dist/built; exit 0";

#[test]
fn a_missing_or_old_tool_is_named_with_what_to_do() {
    for (tools, expected) in [
        (&[][..], "Node.js is missing: install Node.js 20.19"),
        (&[NODE], "npm is missing"),
        (
            &[("node", "echo v20.18.1"), ("npm", "")],
            "Node.js is v20.18.1",
        ),
        (&[NODE, ("npm", BUILT)], "cargo cannot be started"),
    ] {
        let (code, said) = Host::with(tools).launch(&[]);
        assert_eq!(code, Some(70), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn a_step_that_fails_is_named() {
    let npm = "echo a word from npm; exit 3";
    let (code, said) = Host::with(&[NODE, ("npm", npm)]).launch(&[]);
    assert_eq!(code, Some(70), "{said}");
    assert!(said.contains("npm ci failed"), "{said}");
    assert!(said.contains("a word from npm"), "{said}");
    let cargo = ("cargo", "echo 'a word from cargo' >&2; exit 101");
    let (code, said) = Host::with(&[cargo]).launch(&["--no-page"]);
    assert_eq!(code, Some(70), "{said}");
    assert!(said.contains("a word from cargo"), "{said}");
    assert!(said.contains("the build of the services failed"), "{said}");
    let announced = said.contains("the first time takes a minute or two");
    assert!(announced, "no program is built yet: {said}");
}

#[test]
fn the_page_is_built_once_and_again_when_a_source_has_changed() {
    let host = Host::with(&[NODE, ("npm", BUILT), ("cargo", "exit 101")]);
    let built = |host: &Host| host.launch(&[]).1.contains("building the page");
    assert!(built(&host), "the first time");
    assert!(host.has("frontend/dist/built"));
    assert!(!built(&host), "nothing has changed");
    std::fs::write(host.0.path().join("frontend/src/App.tsx"), "changed").unwrap();
    assert!(built(&host), "a source has changed");
}

#[test]
fn the_page_is_built_beside_the_services() {
    // Each waits for the other.
    let npm = "PATH=/usr/bin:/bin; [ $1 = run ] || exit 0; until [ -e ../begun ]; do sleep 0.01; done; mkdir dist; : > dist/built";
    let cargo = "PATH=/usr/bin:/bin; : > begun; until [ -e frontend/dist/built ]; do sleep 0.01; done; exit 101";
    let (code, said) = Host::with(&[NODE, ("npm", npm), ("cargo", cargo)]).launch(&[]);
    assert_eq!(code, Some(70), "{said}");
    assert!(said.contains("built the page in "), "{said}");
    assert!(said.contains("the build of the services failed"), "{said}");
}
