//! Who may do what: people by sign-in, services by identities.

mod access;
mod identity;
mod identity_agent;
mod sign_in;
