//! How a request is answered when the store fails.

use api::Problem;

use crate::StoreError;

/// When to try again, in seconds: a full disk is not cleared in less.
const RETRY_AFTER: u16 = 5;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = if error.is_uncertain() {
            Self::bad_gateway(
                "The disk failed while the change was stored. The outcome is unknown: the change \
                 may have been made. Look at it (GET) before you send the request again.",
            )
        } else if error.is_unavailable() {
            Self::unavailable(
                "The store cannot be used now. Try again in a moment.",
                RETRY_AFTER,
            )
        } else {
            Self::internal()
        };
        problem.caused_by(&error)
    }
}
