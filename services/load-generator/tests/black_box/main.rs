//! Black-box tests of the load generator: the real binary against a stand-in of the shop.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod closed_loop;
mod command_line;
mod failures;
mod generator;
mod open_loop;
mod report;
mod stand_in;
mod systemd;
mod thresholds;
