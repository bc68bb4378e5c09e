//! The session of somebody who has signed in.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use access::Bearer;
use serde::{Deserialize, Serialize};

/// How long a session lasts at most, however often its token is renewed: a working day.
pub(crate) const LIFE: Duration = Duration::from_hours(12);

/// How long before its end a token is renewed: longer than any request takes, and a third of its life
/// when that is short.
const MARGIN: u64 = 60;

/// A session, as it lies sealed in the cookie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The token that the gateway checks (OpenID Connect Core 1.0 section 2).
    pub(crate) token: String,
    /// With which a new token is had (RFC 6749 section 1.5), if the provider gave one.
    pub(crate) refresh: Option<String>,
    /// When the person signed in, in seconds since 1970.
    pub(crate) since: u64,
    /// From when on the token is to be renewed, likewise.
    pub(crate) renew: u64,
}

/// Somebody who has signed in, on the requests that the frontend server looks at.
#[derive(Clone, Debug)]
pub struct Signed(pub Arc<Bearer>);

impl Session {
    /// A session that begins now.
    pub(crate) fn new(token: String, refresh: Option<String>, bearer: &Bearer) -> Self {
        let now = now();
        Self {
            token,
            refresh,
            since: now,
            renew: renewal(now, bearer.expires),
        }
    }

    /// The same session with a new token.
    pub(crate) fn renewed(&self, token: String, refresh: Option<String>, bearer: &Bearer) -> Self {
        Self {
            token,
            // A provider may keep the one that there is.
            refresh: refresh.or_else(|| self.refresh.clone()),
            since: self.since,
            renew: renewal(now(), bearer.expires),
        }
    }

    /// How much of its life is left; none when it is over.
    pub(crate) fn left(&self) -> Option<Duration> {
        let end = self.since.saturating_add(LIFE.as_secs());
        let left = end.checked_sub(now()).filter(|&left| left > 0);
        left.map(Duration::from_secs)
    }

    /// Whether its token is to be renewed.
    pub(crate) fn is_due(&self) -> bool {
        now() >= self.renew
    }
}

fn renewal(now: u64, expires: u64) -> u64 {
    let life = expires.saturating_sub(now);
    expires.saturating_sub(MARGIN.min(life / 3))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_a_minute_before_its_end_or_in_the_last_third_of_a_short_life() {
        assert_eq!(renewal(1000, 1600), 1540);
        assert_eq!(renewal(1000, 1030), 1020);
        assert_eq!(renewal(1000, 900), 900);
    }
}
