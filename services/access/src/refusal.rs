//! Why a token is not accepted.

/// Why a token is not accepted. The words are those of the metric and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no JSON Web Token, or a claim that is needed is missing.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed by an algorithm that is not taken: none at all, a shared secret, or not the one of
    /// its key.
    #[error("the token is signed by an algorithm that is not accepted")]
    Algorithm,
    /// The issuer has no key of that id.
    #[error("the token is signed by a key that the issuer does not have")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the signature of the token is wrong")]
    Signature,
    /// Another issuer made it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is made out to somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The keys of the issuer could not be had, so that nothing is known of the token.
    #[error("the issuer cannot be reached, so the token cannot be checked")]
    Unavailable,
}

impl Refusal {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Unavailable => "unavailable",
        }
    }
}
