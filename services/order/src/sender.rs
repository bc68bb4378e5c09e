//! Who sent a request, and what of the orders is theirs.

use std::sync::Arc;

use api::{IdempotencyKey, Owner, Person, Problem, Role};
use axum::extract::FromRequestParts;
use http::request::Parts;
use telemetry::traces::name_end_user;

use crate::flow::OrderFlow;
use crate::ledger::Entry;

/// The sender of a request, as the gateway names it; nobody in particular where people do not sign in.
#[derive(Clone, Debug)]
pub(crate) struct Sender(Option<Person>);

impl Sender {
    /// Whose an order is that this sender makes.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.0.as_ref().map(|person| person.owner.clone())
    }

    /// The owner whose orders alone the sender may see; none for one who may see all.
    pub(crate) fn sees_only(&self) -> Option<Owner> {
        let person = self.0.as_ref();
        let customer = person.filter(|person| person.role == Role::Customer);
        customer.map(|person| person.owner.clone())
    }

    /// Whether the sender may see this order.
    pub(crate) fn sees(&self, entry: &Entry) -> bool {
        self.sees_only()
            .is_none_or(|owner| entry.owner == Some(owner))
    }
}

impl FromRequestParts<Arc<OrderFlow>> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, flow: &Arc<OrderFlow>) -> Result<Self, Problem> {
        let person = Person::from_headers(&parts.headers)
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        if person.is_none() && flow.require_person {
            let detail = "The request names no person: it has not passed the gateway.";
            return Err(Problem::sign_in_required(detail, "Bearer"));
        }
        if let Some(person) = &person {
            name_end_user(person.owner.as_str());
        }
        Ok(Self(person))
    }
}

/// An idempotency key and whose it is: two people may choose the same one, and neither learns so.
#[derive(Clone, Debug)]
pub(crate) struct OwnKey {
    key: IdempotencyKey,
    owner: Option<Owner>,
}

impl OwnKey {
    pub(crate) const fn new(key: IdempotencyKey, owner: Option<Owner>) -> Self {
        Self { key, owner }
    }

    /// The key.
    pub(crate) fn as_str(&self) -> &str {
        self.key.as_str()
    }

    /// Its owner, as the store names it: the empty text for nobody.
    pub(crate) fn owner(&self) -> &str {
        self.owner.as_ref().map_or("", Owner::as_str)
    }
}
