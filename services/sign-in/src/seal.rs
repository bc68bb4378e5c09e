//! What only this shop can read and write: authenticated encryption of what a browser keeps for us.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What the key is for, so that the same secret gives no other key that is the same.
const PURPOSE: &[u8] = b"hello-observability session cookie 1";

/// Seals by AES-256-GCM under a key that is derived from a secret by HKDF (RFC 5869), with a random nonce
/// of 96 bits: enough for 2^32 cookies of one secret.
#[derive(Clone)]
pub(crate) struct Seal(Arc<RandomizedNonceKey>);

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        AES_256_GCM.key_len()
    }
}

impl Seal {
    pub(crate) fn new(secret: &str) -> Self {
        let secret = Salt::new(HKDF_SHA256, &[]).extract(secret.as_bytes());
        let mut key = [0; 32];
        secret
            .expand(&[PURPOSE], KeyLength)
            .and_then(|derived| derived.fill(&mut key))
            .expect("HKDF gives 32 bytes");
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).expect("the key has 32 bytes");
        Self(Arc::new(key))
    }

    /// Seals a value as the content of the cookie `name`; as that of another one it cannot be opened.
    pub(crate) fn seal(&self, name: &str, value: &impl Serialize) -> String {
        let mut text = serde_json::to_vec(value).expect("plain data");
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut text)
            .expect("a cookie is far below the limit of AES-GCM");
        let sealed = [nonce.as_ref().as_slice(), &text].concat();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens the content of the cookie `name`; none if this shop has not sealed it so.
    pub(crate) fn open<T: DeserializeOwned>(&self, name: &str, sealed: &str) -> Option<T> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let text = self
            .0
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text);
        serde_json::from_slice(text.ok()?).ok()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a-secret-of-the-tests-01";

    #[test]
    fn what_was_sealed_is_opened_by_the_same_secret_under_the_same_name_only() {
        let (seal, same) = (Seal::new(SECRET), Seal::new(SECRET));
        let sealed = seal.seal("a", &"content");
        assert_eq!(
            same.open::<String>("a", &sealed).as_deref(),
            Some("content")
        );
        assert_ne!(
            seal.seal("a", &"content"),
            sealed,
            "another nonce each time"
        );
        assert_eq!(seal.open::<String>("b", &sealed), None);
        assert_eq!(
            Seal::new("another-secret-of-tests").open::<String>("a", &sealed),
            None
        );
    }

    #[test]
    fn nothing_that_was_changed_cut_or_made_up_is_opened() {
        let seal = Seal::new(SECRET);
        let sealed = seal.seal("a", &"content");
        for position in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[position] = if changed[position] == b'A' {
                b'B'
            } else {
                b'A'
            };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of Base64 has bits that say nothing, and such a text is refused too.
            assert_eq!(seal.open::<String>("a", &changed), None, "{position}");
            assert_eq!(
                seal.open::<String>("a", &sealed[..position]),
                None,
                "{position}"
            );
        }
        assert_eq!(seal.open::<String>("a", "ü"), None);
    }
}
