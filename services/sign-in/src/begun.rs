//! A sign-in that has begun: what has to come back from the provider.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// What is kept of a sign-in, in a sealed cookie, until the browser comes back.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// Comes back with the browser, and nobody else can know it (RFC 6749 section 10.12).
    pub(crate) state: String,
    /// Comes back in the token (OpenID Connect Core 1.0 section 3.1.2.1).
    pub(crate) nonce: String,
    /// Proves that who turns the code into tokens is who asked for it (RFC 7636).
    pub(crate) verifier: String,
    /// Where on the page the person was.
    pub(crate) back_to: String,
}

impl Begun {
    /// A new one. `back_to` is a path of the page; anything else leads to the front page.
    pub(crate) fn new(back_to: Option<&str>) -> Self {
        Self {
            state: random(),
            nonce: random(),
            verifier: random(),
            back_to: back_to
                .filter(|path| is_of_the_page(path))
                .unwrap_or("/")
                .to_owned(),
        }
    }

    /// The challenge for [`Begun::verifier`] (RFC 7636 section 4.2, `S256`).
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()))
    }
}

/// 256 random bits.
fn random() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether a text is a path of this origin, however a browser reads it: `//host` and `/\host` lead away
/// (URL Standard, "relative slash state"), and so may what it strips.
fn is_of_the_page(path: &str) -> bool {
    let mut bytes = path.bytes();
    path.len() <= 512
        && bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_the_page_is_come_back_to() {
        for path in ["/", "/orders", "/orders/1?after=2#top"] {
            assert_eq!(Begun::new(Some(path)).back_to, path);
        }
        for path in [
            "",
            "orders",
            "//evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "https://evil.test",
            "/\t/evil.test",
            "/ /evil.test",
            "/a\\b",
            "/\u{e9}",
        ] {
            assert_eq!(Begun::new(Some(path)).back_to, "/", "{path:?}");
        }
        assert_eq!(Begun::new(None).back_to, "/");
    }

    #[test]
    fn each_has_its_own_secrets_and_the_challenge_is_that_of_the_standard() {
        let (first, second) = (Begun::new(None), Begun::new(None));
        assert_ne!(first.state, second.state);
        assert_ne!(first.nonce, first.state);
        assert!(
            (43..=128).contains(&first.verifier.len()),
            "RFC 7636 section 4.1"
        );
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let challenge = Begun { verifier, ..first }.challenge();
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
