//! A real OpenID provider: Dex, built from Go's module proxy where it is not on `PATH`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use http::Method;
use tempfile::TempDir;

use crate::foreign::{free_address, installed};
use crate::skip::skip;
use crate::{Answer, Http, eventually};

/// The secret of the shop at the provider.
pub const SECRET: &str = "a-secret-of-the-tests-0123456789";

/// The password of everybody.
pub const PASSWORD: &str = "password";

/// Its bcrypt hash, as cheap as Dex takes it.
const HASH: &str = "$2b$10$sjsORWftgtSaJcVnDEuQvO3BeSM38szTe67BFfoZb/pJa2YeorpiO";

/// A running Dex.
#[derive(Debug)]
pub struct Dex {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Dex {
    /// Starts Dex for a page at `public_url`, with tokens of this life (Go's notation); none where
    /// there is no Dex and no Go to build it, which is a skip of `test`.
    pub async fn start(test: &str, public_url: &str, life: &str) -> Option<Self> {
        let Some(program) = program() else {
            skip(test, "there is neither Dex nor Go on PATH");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let file = folder.path().join("dex.yaml");
        std::fs::write(&file, configuration(address, public_url, life)).expect("a file");
        let child = Command::new(program)
            .args(["serve", file.to_str().expect("a path")])
            // Without sessions this Dex asks its store for a person while it holds the lock of it,
            // whenever a token is renewed, and stands still for good.
            .env("DEX_SESSIONS_ENABLED", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Dex starts");
        let dex = Self {
            child,
            address,
            _folder: folder,
        };
        let http = Http::new(address);
        eventually("Dex answers", async || {
            let path = "/dex/.well-known/openid-configuration";
            let answer = http.try_send(Method::GET, path, &[], "").await;
            answer.map(drop).map_err(|error| format!("{error:?}"))
        })
        .await;
        Some(dex)
    }

    /// The issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}/dex", self.address)
    }

    /// Ends it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Goes the way of a browser from the address to which the page leads: the form, the name, the
    /// password; gives the answer that leads back.
    pub async fn sign_in(&self, authorization: &str, email: &str, password: &str) -> Answer {
        let http = Http::new(self.address);
        let form_type = [("content-type", "application/x-www-form-urlencoded")];
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("login", email)
            .append_pair("password", password)
            .finish();
        let mut path = path_of(authorization);
        let mut method = Method::GET;
        // To the connector, to the form, and after it to where the person came from.
        for _ in 0..6 {
            let (headers, body): (&[_], _) = match method {
                Method::POST => (&form_type, form.clone()),
                _ => (&[], String::new()),
            };
            let answer = http.send(method.clone(), &path, headers, body).await;
            match answer.header("location") {
                Some(location) if location.contains("/auth/callback") => return answer,
                Some(location) => {
                    path = path_of(location);
                    method = Method::GET;
                }
                // The form is sent to where it stands.
                None if method == Method::GET => method = Method::POST,
                None => return answer,
            }
        }
        panic!("Dex leads nowhere")
    }
}

impl Drop for Dex {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What stands behind the host of an address.
pub fn path_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.find('/')
        .map_or("/".to_owned(), |slash| rest[slash..].to_owned())
}

fn program() -> Option<PathBuf> {
    if let Some(found) = installed("dex") {
        return Some(found);
    }
    let build = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("machines/dex/build");
    let output = Command::new(build).stderr(Stdio::inherit()).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(folder.trim()).join("dex"))
}

fn configuration(address: SocketAddr, public_url: &str, life: &str) -> String {
    let people = [
        ("ann", "customer"),
        ("bob", "customer"),
        ("ops", "operator"),
        ("eve", "guests"),
    ];
    let people = people.map(|(name, group)| {
        format!(
            "  - email: {name}@shop.test\n    hash: \"{HASH}\"\n    username: {name}\n    \
             name: {name} of the tests\n    emailVerified: true\n    userID: {name}-id\n    groups: [{group}]\n"
        )
    });
    format!(
        "issuer: http://{address}/dex\nstorage: {{ type: memory }}\nweb: {{ http: {address} }}\n\
         oauth2: {{ skipApprovalScreen: true }}\nexpiry: {{ idTokens: {life} }}\n\
         enablePasswordDB: true\nstaticClients:\n  - id: hello-observability\n    name: Shop\n    \
         secret: {SECRET}\n    redirectURIs: [\"{public_url}/auth/callback\"]\n  - id: another\n    \
         name: Another\n    secret: {SECRET}\n    redirectURIs: [\"{public_url}/auth/callback\"]\n\
         staticPasswords:\n{}",
        people.concat()
    )
}
