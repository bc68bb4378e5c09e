//! The problem that a client gets when a peer gave no answer.
//!
//! 503 when nothing was sent, whatever the method. 502 when the peer broke off or answered
//! nonsense (RFC 9110 section 15.6.3), 504 when it was too slow, or there was no time left to ask it (15.6.5); for a method that is not
//! safe (9.2.1) the outcome is unknown then, and the detail says so and how to learn it.

use std::time::Duration;

use api::Problem;
use http::Method;

use crate::PeerError;

/// When to try again after a peer could not be reached: about as long as a restart takes.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What the advice to a client depends on.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Whether the request bore an `Idempotency-Key`.
    pub(crate) has_key: bool,
}

impl Asked {
    /// The problem that `error` is to the client. The log gets its cause.
    pub(crate) fn problem(&self, error: &PeerError) -> Problem {
        let peer = error.peer();
        let advice = Problem::advice_on_unknown_outcome(&self.method, self.has_key);
        match error {
            PeerError::CircuitOpen { retry_after, .. } => unreachable(peer, *retry_after),
            PeerError::Unreachable { .. } => unreachable(peer, RETRY_AFTER),
            PeerError::BrokenOff { .. } => Problem::bad_gateway(format!(
                "The connection to {peer} broke before its answer was complete. {advice}"
            )),
            PeerError::Unexpected { .. } => Problem::bad_gateway(format!(
                "{peer} gave an answer that the contract does not allow. {advice}"
            )),
            PeerError::Timeout { .. } => {
                Problem::gateway_timeout(format!("{peer} did not answer in time. {advice}"))
            }
            PeerError::NoTimeLeft { .. } => Problem::gateway_timeout(format!(
                "The time of the request was over before {peer} was asked, so nothing was done."
            )),
            // The client's own doing: the answer says what, and nobody has to look at the log.
            PeerError::RequestTooLarge { .. } => return Problem::payload_too_large(),
            PeerError::RequestTooSlow { .. } => return Problem::request_timeout(),
            PeerError::RequestBroken { .. } => {
                return Problem::bad_request("The body broke off before its end.");
            }
        }
        .caused_by(&error.chain())
    }
}

fn unreachable(peer: &str, retry_after: Duration) -> Problem {
    // Rounded up, so that the circuit is no longer open then.
    let seconds = retry_after.as_millis().div_ceil(1000).max(1);
    Problem::unavailable(
        format!("{peer} cannot be reached, so nothing was done. Try again in a moment."),
        u16::try_from(seconds).unwrap_or(u16::MAX),
    )
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::{StatusCode, header};

    use super::*;
    use crate::LastFailure;

    const PEER: &str = "order-service";

    fn asked(method: Method, has_key: bool) -> Asked {
        Asked { method, has_key }
    }

    fn broken_off() -> PeerError {
        PeerError::BrokenOff {
            peer: PEER,
            source: "reset".into(),
        }
    }

    #[test]
    fn what_was_not_sent_is_503_with_a_time_to_try_again_for_every_method() {
        let open = PeerError::CircuitOpen {
            peer: PEER,
            retry_after: Duration::from_millis(3_001),
            reason: LastFailure("refused".into()),
        };
        let unreachable = PeerError::Unreachable {
            peer: PEER,
            source: "refused".into(),
        };
        for (error, retry_after) in [(open, "4"), (unreachable, "2")] {
            for method in [Method::GET, Method::PUT, Method::POST] {
                let response = asked(method, false).problem(&error).into_response();
                assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
                assert_eq!(response.headers()[header::RETRY_AFTER], retry_after);
            }
        }
    }

    #[test]
    fn what_may_have_been_sent_is_502_or_504_and_says_what_is_known() {
        let nonsense = PeerError::Unexpected {
            peer: PEER,
            what: "status 299".to_owned(),
        };
        for (error, status) in [
            (broken_off(), 502),
            (nonsense, 502),
            (PeerError::Timeout { peer: PEER }, 504),
        ] {
            for (method, has_key, words) in [
                (Method::GET, false, "Nothing was changed"),
                (Method::PUT, false, "outcome is unknown"),
                (Method::POST, false, "Look at the list"),
                (Method::POST, true, "same Idempotency-Key to learn"),
            ] {
                let problem = asked(method, has_key).problem(&error);
                assert_eq!(problem.status, status);
                let detail = &problem.detail;
                assert!(detail.contains(words) && detail.contains(PEER), "{detail}");
            }
        }
    }

    #[test]
    fn a_request_without_time_left_is_504_and_known_to_have_done_nothing() {
        let problem = asked(Method::POST, false).problem(&PeerError::NoTimeLeft { peer: PEER });
        assert_eq!(problem.status, 504);
        assert!(
            problem.detail.contains("nothing was done"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn a_safe_method_has_no_outcome_to_be_learned_and_a_post_always_has() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let problem = asked(method, false).problem(&broken_off());
            assert!(!problem.detail.contains("unknown"), "{}", problem.detail);
        }
        for has_key in [false, true] {
            let problem = asked(Method::POST, has_key).problem(&broken_off());
            let detail = &problem.detail;
            assert!(
                detail.contains("unknown") && detail.contains("Idempotency-Key"),
                "{detail}"
            );
        }
    }
}
