//! The address of an OpenID provider.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use api::PeerUrl;
use http::Uri;
use http::uri::PathAndQuery;

/// The issuer of tokens (OpenID Connect Discovery 1.0 section 2), and the addresses that it names. Of
/// https; of plain http only on this host, where nobody stands in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerUrl {
    text: String,
    uri: Uri,
}

/// Why a text is not the address of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as https://HOST/PATH; http only for a loopback address, such as http://127.0.0.1:5556"
)]
pub struct InvalidIssuer;

impl IssuerUrl {
    /// The address as it was written, which is how tokens have it in `iss`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it speaks https.
    pub fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The host that is asked.
    pub(crate) fn host(&self) -> PeerUrl {
        let authority = self
            .uri
            .authority()
            .expect("it was parsed with one")
            .clone();
        if self.is_secure() {
            PeerUrl::secure(authority)
        } else {
            format!("http://{authority}")
                .parse()
                .expect("a plain address")
        }
    }

    /// The path that is asked for.
    pub(crate) fn path(&self) -> PathAndQuery {
        let path = self.uri.path_and_query().cloned();
        path.unwrap_or_else(|| PathAndQuery::from_static("/"))
    }

    /// Where its metadata stands (OpenID Connect Discovery 1.0 section 4).
    #[must_use]
    pub fn discovery(&self) -> Self {
        let base = self.text.trim_end_matches('/');
        let text = format!("{base}/.well-known/openid-configuration");
        text.parse().expect("an address with a longer path")
    }
}

impl FromStr for IssuerUrl {
    type Err = InvalidIssuer;

    fn from_str(text: &str) -> Result<Self, InvalidIssuer> {
        let text = text.trim();
        let uri: Uri = text.parse().map_err(|_| InvalidIssuer)?;
        let authority = uri.authority().ok_or(InvalidIssuer)?;
        let safe = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => is_loopback(authority.host()),
            _ => false,
        };
        if !safe || authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(InvalidIssuer);
        }
        let text = text.to_owned();
        Ok(Self { text, uri })
    }
}

/// Whether a host is this one, however the names are resolved (RFC 6761 section 6.3).
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_of_https_or_on_this_host() {
        for taken in [
            "https://issuer.test",
            "https://issuer.test/realms/shop",
            "http://127.0.0.1:5556/dex",
            "http://localhost:5556",
            "http://[::1]:5556",
        ] {
            assert_eq!(taken.parse::<IssuerUrl>().unwrap().as_str(), taken);
        }
        for refused in [
            "",
            "issuer.test",
            "http://issuer.test",
            "http://127.0.0.1.issuer.test",
            "http://localhost.issuer.test",
            "https://a:b@issuer.test",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(
                refused.parse::<IssuerUrl>(),
                Err(InvalidIssuer),
                "{refused}"
            );
        }
    }

    #[test]
    fn its_metadata_stands_below_its_path() {
        for (issuer, expected) in [
            (
                "https://issuer.test",
                "https://issuer.test/.well-known/openid-configuration",
            ),
            (
                "https://issuer.test/a/",
                "https://issuer.test/a/.well-known/openid-configuration",
            ),
        ] {
            let issuer: IssuerUrl = issuer.parse().unwrap();
            assert_eq!(issuer.discovery().as_str(), expected);
        }
    }
}
