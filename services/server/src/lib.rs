//! The HTTP server that every service runs.
//!
//! [`run`] is a service's whole life: settings, telemetry, listener, readiness, requests, drain,
//! flush. A service gives it an [`App`]: its routes, what its health depends on, and what it
//! does in the background.

mod app;
mod args;
mod connections;
mod host;
mod json;
mod leftover;
mod lifecycle;
mod listener;
mod object;
mod observe;
mod path;
mod probes;
mod serve;
mod systemd;
mod watchdog;

pub use app::{App, BuildError};
pub use args::{ServerArgs, StateArgs};
pub use json::JsonBody;
pub use lifecycle::run;
pub use path::IdPath;
