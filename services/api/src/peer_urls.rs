//! The addresses of a peer: one for each of its instances.

use std::fmt;
use std::str::FromStr;

use crate::{InvalidPeerUrl, PeerUrl};

/// The most instances of a peer. Each has connections and series of metrics of its own, and more than a
/// handful belong behind a load balancer.
const MOST: usize = 32;

/// The greatest weight. A thousandth is the smallest share in which anything can be seen of a canary.
const HEAVIEST: u32 = 1000;

/// One address, or several with commas between them and a weight each:
/// `http://a:8081;w=95,http://b:8081;w=5`. Without a weight it is 1. An instance gets that part of the
/// requests that its weight is of all weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerUrls(Vec<InstanceUrl>);

/// The address of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceUrl {
    /// Where it listens.
    pub url: PeerUrl,
    /// Its weight, from 1 to 1000.
    pub weight: u32,
}

/// Why a text is not the addresses of a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeerUrls {
    /// The only address is none.
    #[error(transparent)]
    Url(#[from] InvalidPeerUrl),
    /// One of several is none.
    #[error("{0:?} is not an address: {InvalidPeerUrl}")]
    OneOf(String),
    /// What follows an address is no weight.
    #[error("{0:?} is not a weight: write it as w=N, with N from 1 to {HEAVIEST}")]
    Weight(String),
    /// An address appears again.
    #[error("{0} appears twice: give it a greater weight")]
    Twice(PeerUrl),
    /// There are too many.
    #[error("there are more than {MOST} addresses")]
    TooMany,
}

impl PeerUrls {
    /// The instances: at least one, and no address twice.
    pub fn instances(&self) -> &[InstanceUrl] {
        &self.0
    }

    /// The same addresses over TLS.
    #[must_use]
    pub fn over_tls(self) -> Self {
        let secure = |InstanceUrl { url, weight }| InstanceUrl {
            url: url.over_tls(),
            weight,
        };
        Self(self.0.into_iter().map(secure).collect())
    }
}

impl From<PeerUrl> for PeerUrls {
    fn from(url: PeerUrl) -> Self {
        Self(vec![InstanceUrl { url, weight: 1 }])
    }
}

impl FromStr for PeerUrls {
    type Err = InvalidPeerUrls;

    fn from_str(text: &str) -> Result<Self, InvalidPeerUrls> {
        let entries: Vec<&str> = text.split(',').map(str::trim).collect();
        if entries.len() > MOST {
            return Err(InvalidPeerUrls::TooMany);
        }
        let mut instances: Vec<InstanceUrl> = Vec::with_capacity(entries.len());
        for entry in &entries {
            let (url, weight) = match entry.split_once(';') {
                Some((url, weight)) => (url, parse_weight(weight)?),
                None => (*entry, 1),
            };
            let url: PeerUrl = url.parse().map_err(|error| match entries.len() {
                1 => InvalidPeerUrls::Url(error),
                _ => InvalidPeerUrls::OneOf(url.to_owned()),
            })?;
            let same = |known: &InstanceUrl| {
                (known.url.host(), known.url.port()) == (url.host(), url.port())
            };
            if instances.iter().any(same) {
                return Err(InvalidPeerUrls::Twice(url));
            }
            instances.push(InstanceUrl { url, weight });
        }
        Ok(Self(instances))
    }
}

fn parse_weight(text: &str) -> Result<u32, InvalidPeerUrls> {
    let digits = text.trim().strip_prefix("w=");
    // `parse` takes a sign.
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let weight = digits.and_then(|digits| digits.parse().ok());
    weight
        .filter(|weight| (1..=HEAVIEST).contains(weight))
        .ok_or_else(|| InvalidPeerUrls::Weight(text.to_owned()))
}

impl fmt::Display for PeerUrls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, InstanceUrl { url, weight }) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(formatter, "{comma}{url}")?;
            if *weight != 1 {
                write!(formatter, ";w={weight}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, u32)> {
        let urls: PeerUrls = text.parse().unwrap_or_else(|error| panic!("{error}"));
        let instances = urls.instances().iter();
        instances
            .map(|instance| (instance.url.to_string(), instance.weight))
            .collect()
    }

    #[test]
    fn one_address_is_one_instance() {
        assert_eq!(
            parsed("http://127.0.0.1:8081/"),
            [("http://127.0.0.1:8081".to_owned(), 1)]
        );
    }

    #[test]
    fn several_have_their_weights_and_those_without_weigh_one() {
        let text = "http://a:8081, http://b:8081;w=5 ,http://[::1]:8081; w=1000";
        let expected = [
            ("http://a:8081", 1),
            ("http://b:8081", 5),
            ("http://[::1]:8081", 1000),
        ];
        let expected = expected.map(|(url, weight)| (url.to_owned(), weight));
        assert_eq!(parsed(text), expected);
        let urls: PeerUrls = text.parse().unwrap();
        assert_eq!(urls.to_string().parse(), Ok(urls.clone()));
        let secure = urls.over_tls();
        assert_eq!(secure.instances()[1].url.to_string(), "https://b:8081");
        assert_eq!(secure.instances()[1].weight, 5);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let many = vec!["http://a"; MOST + 1].join(",");
        for (text, words) in [
            ("", "write it as http://HOST:PORT"),
            ("https://a", "write it as http://HOST:PORT"),
            ("http://a,", "\"\" is not an address"),
            ("http://a,b:1", "\"b:1\" is not an address"),
            ("http://a;w=0", "\"w=0\" is not a weight"),
            ("http://a;w=1001", "from 1 to 1000"),
            ("http://a;w=+1", "\"w=+1\" is not a weight"),
            ("http://a;w=", "\"w=\" is not a weight"),
            ("http://a;weight=2", "\"weight=2\" is not a weight"),
            ("http://a;w=1;w=2", "\"w=1;w=2\" is not a weight"),
            ("http://a,http://a:80;w=2", "http://a:80 appears twice"),
            (&many, "more than 32 addresses"),
        ] {
            let error = text.parse::<PeerUrls>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
