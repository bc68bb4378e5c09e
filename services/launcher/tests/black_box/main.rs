//! Black-box tests of the launcher: the real program, with real services, on ports of its own.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod build;
mod ending;
mod idle;
mod logs;
mod metrics;
mod opened;
mod opening;
mod receiver_only;
mod traces;
mod trouble;
