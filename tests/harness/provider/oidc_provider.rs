//! oidc-provider of npm, over https.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;

use super::{PASSWORD, PEOPLE, SECRET, Started, Wanted};
use crate::Process;
use crate::foreign::installed;

pub(super) fn start(wanted: &Wanted<'_>) -> Option<Started> {
    let program = program()?;
    let file = |name: &str| wanted.folder.join(name);
    let (key, certificate) = (file("key.pem"), file("certificate.pem"));
    certify(&key, &certificate);
    let people: serde_json::Map<_, _> = PEOPLE
        .map(|(name, group)| (name.to_owned(), group.into()))
        .into_iter()
        .collect();
    let settings = json!({
        "key": key, "certificate": certificate,
        "life": wanted.life.as_secs(), "clientSecret": SECRET, "origin": wanted.origin,
        "people": people, "password": PASSWORD,
    });
    std::fs::write(file("settings.json"), settings.to_string()).expect("a file");
    let arguments = [program.into(), file("settings.json").into()];
    let node = Path::new("node");
    let process = Process::spawn(node, "oidc-provider", &arguments, &[]).until_listening();
    let issuer = process.log()[0]["issuer"].as_str().map(str::to_owned);
    Some(Started {
        issuer: issuer.expect("an issuer"),
        browsers: process.address(),
        process,
        certificate: Some(certificate),
    })
}

/// The program, with the packages that it needs.
fn program() -> Option<PathBuf> {
    static FETCHED: OnceLock<bool> = OnceLock::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/provider/oidc-provider");
    let fetched = FETCHED.get_or_init(|| {
        // The lock file that npm leaves in the packages is written last.
        if folder.join("node_modules/.package-lock.json").is_file() {
            return installed("node").is_some();
        }
        let npm = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .stdout(Stdio::null())
            .status();
        npm.is_ok_and(|status| status.success())
    });
    fetched.then(|| folder.join("provider.mjs"))
}

/// A certificate for the address on which it listens, signed by itself.
fn certify(key: &Path, certificate: &Path) {
    let pair = rcgen::KeyPair::generate().expect("a key");
    let issued = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .and_then(|params| params.self_signed(&pair))
        .expect("a certificate");
    std::fs::write(key, pair.serialize_pem()).expect("a file");
    std::fs::write(certificate, issued.pem()).expect("a file");
}
