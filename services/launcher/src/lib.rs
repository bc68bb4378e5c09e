//! The whole shop on a plain host, with one command.
//!
//! [`run`] is the way through it: [`ports`] checks that the ports are free, [`build`] brings the
//! programs and the page up to date, [`supervisor`] starts and stops the services, each a
//! [`process`]. Without another receiver the launcher receives the spans itself: [`receiver`] keeps
//! them in [`traces`] and serves them to the page, as it does with the log lines in [`logs`] and
//! the [`metrics`] that it [scrapes](scrape), and [`orders`] draws each order's trace as a [`tree`].

pub mod args;
pub mod build;
pub mod by_trace;
pub mod console;
pub mod ending;
pub mod failure;
pub mod log_line;
pub mod logs;
pub mod loki;
pub mod metrics;
pub mod openmetrics;
pub mod orders;
pub mod output;
pub mod paint;
pub mod ports;
pub mod process;
pub mod prometheus;
pub mod receiver;
pub mod run;
pub mod samples;
pub mod scrape;
pub mod services;
pub mod supervisor;
pub mod trace;
pub mod traces;
pub mod tree;
