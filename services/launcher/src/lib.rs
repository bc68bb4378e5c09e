//! The whole shop on a plain host, with one command.
//!
//! [`build`] brings the services and the page up to date, [`ports`] looks whether their ports
//! are free, [`supervisor`] starts and ends them together. Without another receiver the launcher
//! takes the spans itself: [`receiver`] keeps them in [`traces`], answers them to the page, and
//! [`tree`] draws each order's trace for [`console`].

pub mod args;
pub mod build;
pub mod console;
pub mod logs;
pub mod ports;
pub mod receiver;
pub mod services;
pub mod supervisor;
pub mod traces;
pub mod tree;
