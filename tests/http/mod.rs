//! What clients see at each door, the honest ones and others.

mod bad_input;
mod contract;
mod forward;
mod frontend;
mod fuzz;
mod name_server;
mod openapi;
mod streaming;
