//! The HTTP server that every service runs.
//!
//! [`run`] is a service's whole life: settings, telemetry, listener, readiness, requests, drain,
//! flush. A service gives it an [`App`]: its routes, what its health depends on, and what it does
//! in the background.

mod admission;
mod app;
mod args;
mod around;
mod authorize;
mod background;
mod buffers;
mod connection;
mod connections;
mod deadlines;
mod host;
mod id_path;
mod json;
mod lifecycle;
mod limits;
mod listener;
mod load;
mod object;
mod observe;
mod overload;
mod phase;
mod probes;
mod queue;
mod runtime;
mod secured;
mod serve;
mod systemd;
mod unread_body;
mod watchdog;
mod workers;

pub use app::{App, BuildError};
pub use args::{ServerArgs, StateArgs};
pub use id_path::IdPath;
pub use json::JsonBody;
pub use lifecycle::run;
pub use limits::Limits;
