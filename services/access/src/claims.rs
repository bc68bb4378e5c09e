//! What a token says of its bearer.

use api::Owner;
use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::IssuerUrl;

/// The claims of a token that are read here (OpenID Connect Core 1.0 section 2 and 5.1).
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) exp: f64,
    pub(crate) nonce: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Claims {
    /// The pseudonym of the bearer. A subject is unique at its issuer only.
    pub(crate) fn owner(&self, issuer: &IssuerUrl) -> Owner {
        let whole = format!("{issuer}\0{}", self.sub);
        let digest = digest(&SHA256, whole.as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&digest.as_ref()[..16]);
        Owner::from_digest(half)
    }

    /// How the bearer is called on the page.
    pub(crate) fn name(&self) -> &str {
        ["name", "preferred_username", "email"]
            .into_iter()
            .filter_map(|claim| self.others.get(claim)?.as_str())
            .find(|name| !name.trim().is_empty())
            .unwrap_or(&self.sub)
    }

    /// The address, if the provider says that it has looked.
    pub(crate) fn verified_email(&self) -> Option<&str> {
        let verified = self.others.get("email_verified") == Some(&Value::Bool(true));
        self.others.get("email")?.as_str().filter(|_| verified)
    }

    /// The text or texts of a claim; dots lead into objects.
    pub(crate) fn texts(&self, claim: &str) -> Vec<&str> {
        let mut names = claim.split('.');
        let first = names.next().and_then(|name| self.others.get(name));
        let found = names.fold(first, |value, name| value?.as_object()?.get(name));
        match found {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }
}
