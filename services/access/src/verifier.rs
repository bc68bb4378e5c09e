//! Whether a token is one of the issuer, for us, and of now.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Owner, Role};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation};
use parking_lot::Mutex;

use crate::claims::Claims;
use crate::keys::{self, Keys};
use crate::recent::fingerprint;
use crate::roles::Roles;
use crate::{IssuerArgs, Provider, Recent, Refusal};

/// How far the clocks of two hosts may differ: those that are set by NTP differ by less than a second.
const LEEWAY: Duration = Duration::from_secs(10);

/// The longest token that is looked at. Those with many groups have some 4 KiB.
const LONGEST: usize = 8 * 1024;

/// How many tokens are remembered: a check costs as much as the rest of the request, and people send
/// one token many times. An entry has some 300 bytes.
const REMEMBERED: usize = 10_000;

/// Who bears a token that is accepted, by what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Bearer {
    /// Their pseudonym.
    pub owner: Owner,
    /// Their role; none for one who has none in the shop.
    pub role: Option<Role>,
    /// How they are called.
    pub name: String,
    /// The nonce with which the token was asked for.
    pub nonce: Option<String>,
    /// Until when it is good, in seconds since 1970.
    pub expires: u64,
}

/// Checks tokens. Clones share what they remember.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    provider: Provider,
    audience: String,
    roles: Roles,
    remembered: Mutex<Remembered>,
}

/// Tokens by their hash, with the keys by which they were checked: with other keys, all are checked
/// anew.
#[derive(Debug)]
struct Remembered {
    keys: Arc<Keys>,
    tokens: Recent<[u8; 32], Arc<Bearer>>,
}

impl Verifier {
    /// A verifier of the tokens of `provider` that are made out to the client of the settings.
    pub fn new(provider: Provider, args: &IssuerArgs) -> Self {
        Self(Arc::new(Inner {
            provider,
            audience: args.oidc_client_id.clone(),
            roles: Roles::new(args),
            remembered: Mutex::new(Remembered {
                keys: Arc::default(),
                tokens: Recent::new(REMEMBERED),
            }),
        }))
    }

    /// What the token says, if it is accepted.
    pub async fn verify(&self, token: &str) -> Result<Arc<Bearer>, Refusal> {
        if token.len() > LONGEST {
            return Err(Refusal::Malformed);
        }
        let hash = fingerprint(token);
        let known = self.0.provider.keys();
        if let Some(keys) = &known
            && let Some(bearer) = self.remembered(keys, &hash)
        {
            return if is_over(bearer.expires) {
                Err(Refusal::Expired)
            } else {
                Ok(bearer)
            };
        }
        let header = header(token)?;
        let first = match &known {
            Some(keys) => self.check(token, &header, keys),
            None => Err(Refusal::UnknownKey),
        };
        let (keys, bearer) = match (first, known) {
            (Ok(bearer), Some(keys)) => (keys, bearer),
            // The issuer may have a new key.
            (Err(Refusal::UnknownKey), _) | (Ok(_), None) => {
                // Boxed, since it is rare and large, and every request has room for it otherwise.
                let keys = Box::pin(self.0.provider.newer_keys()).await;
                let keys = keys.ok_or(Refusal::Unavailable)?;
                let bearer = self.check(token, &header, &keys)?;
                (keys, bearer)
            }
            (Err(refusal), _) => return Err(refusal),
        };
        let bearer = Arc::new(bearer);
        self.remember(&keys, hash, Arc::clone(&bearer));
        Ok(bearer)
    }

    fn check(&self, token: &str, header: &Header, keys: &Keys) -> Result<Bearer, Refusal> {
        let key = keys.of(header)?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[self.0.provider.issuer()]);
        validation.set_audience(&[&self.0.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let token = jsonwebtoken::decode::<Claims>(token, key, &validation);
        let claims = token.map_err(|error| refusal(error.kind()))?.claims;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
        let expires = claims.exp as u64;
        Ok(Bearer {
            owner: claims.owner(self.0.provider.issuer()),
            role: self.0.roles.of(&claims),
            name: claims.name().to_owned(),
            nonce: claims.nonce,
            expires,
        })
    }

    fn remembered(&self, keys: &Arc<Keys>, hash: &[u8; 32]) -> Option<Arc<Bearer>> {
        let mut remembered = self.0.remembered.lock();
        if !Arc::ptr_eq(&remembered.keys, keys) {
            return None;
        }
        remembered.tokens.get(hash).map(|bearer| Arc::clone(bearer))
    }

    fn remember(&self, keys: &Arc<Keys>, hash: [u8; 32], bearer: Arc<Bearer>) {
        let mut remembered = self.0.remembered.lock();
        if !Arc::ptr_eq(&remembered.keys, keys) {
            remembered.keys = Arc::clone(keys);
            remembered.tokens.clear();
        }
        remembered.tokens.insert(hash, bearer);
    }
}

/// The header of a token that may be looked at further.
fn header(token: &str) -> Result<Header, Refusal> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
        // `none`, and whatever else is no algorithm, is an unknown variant.
        ErrorKind::Json(error) if error.is_data() => Refusal::Algorithm,
        _ => Refusal::Malformed,
    })?;
    if !keys::accepts(header.alg) {
        return Err(Refusal::Algorithm);
    }
    // An extension that has to be understood (RFC 7515 section 4.1.11), or a token of another kind
    // (RFC 8725 section 3.11), such as the one by which a provider tells of a sign-out.
    let of_another_kind = header
        .typ
        .as_ref()
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT"));
    if header.crit.is_some() || of_another_kind {
        return Err(Refusal::Malformed);
    }
    Ok(header)
}

fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::NotYetValid,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => Refusal::Algorithm,
        _ => Refusal::Malformed,
    }
}

fn is_over(expires: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs() > expires.saturating_add(LEEWAY.as_secs())
}
