//! The name of a service in its certificate.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

const SCHEME: &str = "spiffe://";

/// The longest ID, and the longest trust domain, in bytes (SPIFFE-ID, section 2.3).
const LONGEST: usize = 2048;
const LONGEST_DOMAIN: usize = 255;

/// A SPIFFE ID, `spiffe://<trust domain>/<path>` (SPIFFE-ID, section 2). A service of the shop has its
/// name as the path.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SpiffeId {
    uri: Arc<str>,
    /// Where the path begins.
    path: usize,
}

/// A trust domain: whoever is in it has a certificate of the same authority (SPIFFE-ID, section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustDomain(Arc<str>);

/// Why a text is no SPIFFE ID or trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpiffeIdError {
    /// It begins differently.
    #[error("it does not begin with {SCHEME}")]
    Scheme,
    /// The trust domain has other letters than a to z, digits, `.`, `-` and `_`, or none.
    #[error("a trust domain has letters a to z, digits, '.', '-' and '_' only, 255 at most")]
    TrustDomain,
    /// The path is empty, has an empty segment, `.`, `..`, or other characters than are allowed.
    #[error(
        "each segment of a path has letters, digits, '.', '-' and '_' only, and is not '.' or '..'"
    )]
    Path,
    /// It has more than 2,048 bytes.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
}

impl SpiffeId {
    /// The ID of a service in this domain.
    pub fn of_service(domain: &TrustDomain, service: &str) -> Result<Self, SpiffeIdError> {
        format!("{SCHEME}{domain}/{service}").parse()
    }

    /// The trust domain.
    pub fn trust_domain(&self) -> &str {
        &self.uri[SCHEME.len()..self.path]
    }

    /// The path without its first slash: the service's name.
    pub fn service(&self) -> &str {
        &self.uri[self.path + 1..]
    }

    /// Whether it is in this domain.
    pub fn is_of(&self, domain: &TrustDomain) -> bool {
        *self.trust_domain() == *domain.0
    }
}

impl FromStr for SpiffeId {
    type Err = SpiffeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(SpiffeIdError::TooLong);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(SpiffeIdError::Scheme)?;
        let (domain, path) = rest.split_once('/').ok_or(SpiffeIdError::Path)?;
        domain.parse::<TrustDomain>()?;
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_segment =
            |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed);
        if !path.split('/').all(is_segment) {
            return Err(SpiffeIdError::Path);
        }
        Ok(Self {
            uri: text.into(),
            path: SCHEME.len() + domain.len(),
        })
    }
}

impl FromStr for TrustDomain {
    type Err = SpiffeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
        };
        let whole = (1..=LONGEST_DOMAIN).contains(&text.len());
        if whole && text.bytes().all(is_allowed) {
            Ok(Self(text.into()))
        } else {
            Err(SpiffeIdError::TrustDomain)
        }
    }
}

impl AsRef<str> for SpiffeId {
    fn as_ref(&self) -> &str {
        &self.uri
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.uri)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_trust_domain_and_the_name_of_a_service() {
        let id: SpiffeId = "spiffe://shop.test/order-service".parse().unwrap();
        assert_eq!(id.trust_domain(), "shop.test");
        assert_eq!(id.service(), "order-service");
        assert!(id.is_of(&"shop.test".parse().unwrap()));
        assert!(!id.is_of(&"shop".parse().unwrap()));
        let deep: SpiffeId = "spiffe://shop.test/ns/order".parse().unwrap();
        assert_eq!(deep.service(), "ns/order");
    }

    #[test]
    fn what_the_specification_forbids_is_no_id() {
        let long = format!("spiffe://shop.test/{}", "a".repeat(LONGEST));
        for (text, why) in [
            ("https://shop.test/order", SpiffeIdError::Scheme),
            ("SPIFFE://shop.test/order", SpiffeIdError::Scheme),
            ("spiffe:///order", SpiffeIdError::TrustDomain),
            ("spiffe://Shop.test/order", SpiffeIdError::TrustDomain),
            ("spiffe://user@shop.test/order", SpiffeIdError::TrustDomain),
            ("spiffe://shop.test:8080/order", SpiffeIdError::TrustDomain),
            ("spiffe://shop.test", SpiffeIdError::Path),
            ("spiffe://shop.test/", SpiffeIdError::Path),
            ("spiffe://shop.test/order/", SpiffeIdError::Path),
            ("spiffe://shop.test//order", SpiffeIdError::Path),
            ("spiffe://shop.test/../order", SpiffeIdError::Path),
            ("spiffe://shop.test/order?as=admin", SpiffeIdError::Path),
            ("spiffe://shop.test/order#1", SpiffeIdError::Path),
            ("spiffe://shop.test/%6frder", SpiffeIdError::Path),
            (long.as_str(), SpiffeIdError::TooLong),
        ] {
            assert_eq!(text.parse::<SpiffeId>(), Err(why), "{text}");
        }
    }
}
