//! What a store's failure means to the outside: to a client, and to `/health`.

use api::Problem;
use async_trait::async_trait;
use server::{BuildError, Health, Unhealthy};

use crate::{Store, StoreError};

/// When to try again, in seconds: a full disk is not cleared in less.
const RETRY_AFTER: u16 = 5;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = if error.is_unavailable() {
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

impl From<StoreError> for BuildError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

#[async_trait]
impl Health for Store {
    async fn check(&self) -> Result<(), Unhealthy> {
        let probe = self.probe().await;
        probe.map_err(|error| Unhealthy {
            part: "store",
            reason: error.to_string(),
        })
    }
}
