//! Real OpenID providers of two makers, with the same people in them.

mod dex;
mod oidc_provider;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Method;
use tempfile::TempDir;

use crate::skip::skip;
use crate::{Answer, Http, Process, eventually};

/// The secret of the shop at the provider.
pub const SECRET: &str = "a-secret-of-the-tests-0123456789";

/// The password of everybody.
pub const PASSWORD: &str = "password";

/// Who may sign in, and the group of each.
const PEOPLE: [(&str, &str); 4] = [
    ("ann", "customer"),
    ("bob", "customer"),
    ("ops", "operator"),
    ("eve", "guests"),
];

/// Whose provider.
#[derive(Clone, Copy, Debug)]
pub enum Maker {
    /// Dex, over plain HTTP; built from Go's module proxy where it is not on `PATH`.
    Dex,
    /// oidc-provider of npm, over https, with a certificate that no system knows.
    OidcProvider,
}

/// A running provider.
#[derive(Debug)]
pub struct Provider {
    process: Process,
    issuer: String,
    browsers: SocketAddr,
    certificate: Option<PathBuf>,
    _folder: TempDir,
}

/// What a maker's program needs to know.
struct Wanted<'a> {
    folder: &'a Path,
    /// Where the page is opened.
    origin: &'a str,
    /// How long a token is good.
    life: Duration,
}

/// How it was started.
struct Started {
    process: Process,
    issuer: String,
    /// Where it speaks plain HTTP with browsers.
    browsers: SocketAddr,
    certificate: Option<PathBuf>,
}

impl Provider {
    /// Starts a provider for a page at `origin`, with tokens of this life; none where there is no
    /// program, which is a skip of `test`.
    pub async fn start(test: &str, maker: Maker, origin: &str, life: Duration) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = Wanted {
            folder: folder.path(),
            origin,
            life,
        };
        let started = match maker {
            Maker::Dex => dex::start(&wanted),
            Maker::OidcProvider => oidc_provider::start(&wanted),
        };
        let Some(started) = started else {
            skip(test, &format!("there is nothing to run {maker:?} with"));
            return None;
        };
        let provider = Self {
            process: started.process,
            issuer: started.issuer,
            browsers: started.browsers,
            certificate: started.certificate,
            _folder: folder,
        };
        let path = path_of(&provider.issuer);
        let path = format!("{path}/.well-known/openid-configuration");
        eventually("the provider answers", async || {
            let http = Http::new(provider.browsers);
            let answer = http.try_send(Method::GET, &path, &[], "").await;
            answer.map(drop).map_err(|error| format!("{error:?}"))
        })
        .await;
        Some(provider)
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The certificate by which it proves itself, where it speaks https.
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// Ends it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Goes the way of a browser from the address to which the page leads: the form, the name, the
    /// password; gives the answer that leads back, or the form again.
    pub async fn sign_in(&self, authorization: &str, email: &str, password: &str) -> Answer {
        let http = Http::new(self.browsers);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("login", email)
            .append_pair("password", password)
            .finish();
        let mut cookies = BTreeMap::new();
        let mut path = path_of(authorization).to_owned();
        let mut method = Method::GET;
        // To the form, and after it to where the person came from.
        for _ in 0..8 {
            let cookie: Vec<_> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let cookie = cookie.join("; ");
            let mut headers = vec![("cookie", cookie.as_str())];
            let body = if method == Method::POST {
                headers.push(("content-type", "application/x-www-form-urlencoded"));
                form.clone()
            } else {
                String::new()
            };
            let answer = http.send(method.clone(), &path, &headers, body).await;
            for line in answer.headers.get_all("set-cookie") {
                let pair = line.to_str().expect("a text").split(';').next();
                let (name, value) = pair.and_then(|pair| pair.split_once('=')).expect("a pair");
                cookies.insert(name.to_owned(), value.to_owned());
            }
            match answer.header("location") {
                Some(location) if location.contains("/auth/callback") => return answer,
                Some(location) => {
                    path_of(location).clone_into(&mut path);
                    method = Method::GET;
                }
                // The form is sent to where it stands.
                None if method == Method::GET => method = Method::POST,
                None => return answer,
            }
        }
        panic!("the provider leads nowhere")
    }
}

/// What stands behind the host of an address.
pub fn path_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.find('/').map_or("", |slash| &rest[slash..])
}
