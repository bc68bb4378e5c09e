//! The whole shop on a plain host, with one command.
//!
//! [`run`] is the way through it: [`ports`] looks whether the ports are free, [`build`] brings
//! the services and the page up to date, [`supervisor`] starts and ends them together. Without
//! another receiver the launcher takes the spans itself: [`receiver`] keeps them in [`traces`],
//! answers them to the page, and [`orders`] draws each order's trace as a [`tree`].

pub mod args;
pub mod build;
pub mod console;
pub mod ending;
pub mod failure;
pub mod logs;
pub mod orders;
pub mod paint;
pub mod ports;
pub mod process;
pub mod receiver;
pub mod run;
pub mod services;
pub mod supervisor;
pub mod traces;
pub mod tree;
