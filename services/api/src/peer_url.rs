//! The address of a peer.

use std::fmt;
use std::str::FromStr;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

/// An address such as `http://127.0.0.1:8081`: http, a host, perhaps a port, no path. What is parsed
/// from a setting is plain HTTP; only [`PeerUrl::secure`] makes one of https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerUrl {
    authority: Authority,
    secure: bool,
}

/// Why a text is not the address of a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write it as http://HOST:PORT, without a path")]
pub struct InvalidPeerUrl;

impl PeerUrl {
    /// The address of a host that speaks https.
    pub const fn secure(authority: Authority) -> Self {
        let secure = true;
        Self { authority, secure }
    }

    /// The same address over TLS.
    #[must_use]
    pub fn over_tls(self) -> Self {
        Self::secure(self.authority)
    }

    /// The host, without a port.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port; that of the scheme when none is given.
    pub fn port(&self) -> u16 {
        let given = self.authority.port_u16();
        given.unwrap_or_else(|| self.port_of_scheme())
    }

    const fn port_of_scheme(&self) -> u16 {
        if self.secure { 443 } else { 80 }
    }

    fn scheme(&self) -> Scheme {
        if self.secure {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }

    /// `Host` of a request to it (RFC 9110 section 7.2): without the port if that is the default.
    pub fn host_header(&self) -> HeaderValue {
        let host = if self.port() == self.port_of_scheme() {
            self.host().to_owned()
        } else {
            format!("{}:{}", self.host(), self.port())
        };
        HeaderValue::try_from(host).expect("an authority is plain text")
    }

    /// The address of `path` at the peer.
    pub fn join(&self, path: PathAndQuery) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).expect("scheme, authority and path make an address")
    }
}

impl FromStr for PeerUrl {
    type Err = InvalidPeerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPeerUrl> {
        let uri: Uri = text.trim().parse().map_err(|_| InvalidPeerUrl)?;
        let plain = uri.scheme() == Some(&Scheme::HTTP)
            && uri.path_and_query().is_none_or(|path| path.as_str() == "/");
        let authority = uri.authority().filter(|authority| {
            plain && !authority.host().is_empty() && !authority.as_str().contains('@')
        });
        let authority = authority.cloned().ok_or(InvalidPeerUrl)?;
        let secure = false;
        Ok(Self { authority, secure })
    }
}

impl fmt::Display for PeerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme(), self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_no_path() {
        let url: PeerUrl = "http://127.0.0.1:8081/".parse().unwrap();
        assert_eq!((url.host(), url.port()), ("127.0.0.1", 8081));
        assert_eq!(
            url.join(PathAndQuery::from_static("/a?b")),
            "http://127.0.0.1:8081/a?b"
        );
        let secure = PeerUrl::secure(Authority::from_static("issuer.test"));
        assert_eq!((secure.host(), secure.port()), ("issuer.test", 443));
        assert_eq!(secure.to_string(), "https://issuer.test");
        assert_eq!(url.host_header(), "127.0.0.1:8081");
        let url: PeerUrl = "http://[::1]:80".parse().unwrap();
        assert_eq!(url.host_header(), "[::1]");
        for refused in [
            "",
            "127.0.0.1:8081",
            "https://a",
            "http://a/path",
            "http://u:p@a",
            "http://",
        ] {
            assert_eq!(refused.parse::<PeerUrl>(), Err(InvalidPeerUrl), "{refused}");
        }
    }
}
