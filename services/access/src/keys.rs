//! The keys of an issuer (RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Deserialize;
use serde_json::Value;

use crate::Refusal;

/// The most keys of an issuer that are read. A provider that changes its keys has two or three.
const MOST: usize = 32;

/// The algorithms that are accepted: those with a key pair. `none` is no algorithm, and a secret that
/// both sides share would be one that whoever checks tokens could make them with.
const ACCEPTED: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// A set of keys as it stands on the wire.
#[derive(Debug, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<Value>,
}

/// The keys with which an issuer signs.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<(Jwk, DecodingKey)>);

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.iter(), other.0.iter());
        ours.map(|(key, _)| key).eq(theirs.map(|(key, _)| key))
    }
}

impl Keys {
    /// The keys of a set. Those that are of no use here are left out, as RFC 7517 section 5 says.
    pub(crate) fn parse(set: &KeySet) -> Self {
        let keys = set.keys.iter().filter_map(|key| {
            let key: Jwk = serde_json::from_value(key.clone()).ok()?;
            let signs = key
                .common
                .public_key_use
                .as_ref()
                .is_none_or(|of| *of == PublicKeyUse::Signature);
            let has_pair = matches!(
                key.algorithm,
                AlgorithmParameters::RSA(_)
                    | AlgorithmParameters::EllipticCurve(_)
                    | AlgorithmParameters::OctetKeyPair(_)
            );
            let decoding = DecodingKey::from_jwk(&key).ok()?;
            (signs && has_pair).then_some((key, decoding))
        });
        Self(keys.take(MOST).collect())
    }

    /// The key that a token names. One without a key id may mean the only key that there is.
    pub(crate) fn of(&self, header: &Header) -> Result<&DecodingKey, Refusal> {
        let (key, decoding) = match (&header.kid, self.0.as_slice()) {
            (Some(kid), keys) => {
                let named = |key: &&(Jwk, _)| key.0.common.key_id.as_ref() == Some(kid);
                keys.iter().find(named).ok_or(Refusal::UnknownKey)?
            }
            (None, [only]) => only,
            (None, _) => return Err(Refusal::UnknownKey),
        };
        let of_the_key = key
            .common
            .key_algorithm
            .map(|algorithm| algorithm.to_string());
        let other = of_the_key.is_some_and(|name| name != format!("{:?}", header.alg));
        if other || decoding.family() != header.alg.family() {
            return Err(Refusal::Algorithm);
        }
        Ok(decoding)
    }
}

/// Whether tokens of this algorithm are looked at.
pub(crate) fn accepts(algorithm: Algorithm) -> bool {
    ACCEPTED.contains(&algorithm)
}
