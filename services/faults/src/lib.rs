//! The faults that an operator has switched on in a service.
//!
//! A service that is started with `--faults-file` looks once a second whether that file has changed
//! and does what it says: delay or fail requests, make them queue for a lock or for the thread, grow. Without the flag
//! nothing of this is in the service. Only the file switches a fault on, and only root or the user of
//! the service may write it ([`file`]); nothing in a request can.
//!
//! [`Fault`] says what can go wrong and within which bounds, [`FaultSet`] is the file's content,
//! [`Faults`] holds what is on, and [`inject`] is the layer that does it to requests. Whatever is on
//! is a WARN in the log and a series `fault_active` of 1.

mod active;
mod fault;
pub mod file;
mod growth;
mod inject;
mod name;
mod route;
mod set;
mod share;
mod switch;
mod within;

pub use fault::{FailStatus, Fault};
pub use inject::inject;
pub use name::Name;
pub use route::FaultRoute;
pub use set::FaultSet;
pub use share::Share;
pub use switch::Faults;
pub use within::Within;
