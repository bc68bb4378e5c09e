//! Where people open the page.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Authority;

/// The origin of the page (RFC 6454): of https, or of http on the host of the browser itself, which
/// browsers trust as much. On any other plain http they keep no cookie that is named `__Host-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: Authority,
}

/// Why a text is not where people open the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as https://HOST, without a path; http only for localhost and 127.0.0.1: a browser keeps no \
     session on any other plain http"
)]
pub struct InvalidPublicUrl;

impl PublicUrl {
    /// The origin, as a browser writes it in `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host, as a browser writes it in `Host`.
    pub(crate) fn host(&self) -> &str {
        self.authority.as_str()
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let uri: Uri = text.trim().parse().map_err(|_| InvalidPublicUrl)?;
        let authority = uri.authority().cloned().ok_or(InvalidPublicUrl)?;
        let whole = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
        let of_this_host = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        let scheme = uri.scheme_str().unwrap_or_default();
        let safe = scheme == "https" || scheme == "http" && of_this_host;
        if !safe || !whole || authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(InvalidPublicUrl);
        }
        // As a browser writes it: in small letters, without the port of the scheme.
        let host = authority.as_str().to_ascii_lowercase();
        let of_the_scheme = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(of_the_scheme).unwrap_or(&host);
        let authority = host.parse().map_err(|_| InvalidPublicUrl)?;
        let origin = format!("{scheme}://{host}");
        Ok(Self { origin, authority })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_where_a_browser_keeps_its_session() {
        for (text, origin) in [
            ("https://Shop.Example.org:443/", "https://shop.example.org"),
            ("https://shop.test:8443", "https://shop.test:8443"),
            ("http://localhost:3001", "http://localhost:3001"),
            ("http://127.0.0.1:3001/", "http://127.0.0.1:3001"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().origin(), origin);
        }
        for refused in [
            "http://192.168.1.7:3001",
            "http://shop.test",
            "http://localhost.shop.test",
            "https://shop.test/page",
            "https://a@shop.test",
            "shop.test",
            "",
        ] {
            assert_eq!(
                refused.parse::<PublicUrl>(),
                Err(InvalidPublicUrl),
                "{refused}"
            );
        }
    }
}
