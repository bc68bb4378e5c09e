//! The harness of the black-box tests: it starts the real binaries on free ports, with their
//! stores in a folder of their own and a real OTLP receiver, and reads what they emit.
//!
//! Nothing here waits for luck: a wait names what it waits for, polls it, and fails with what it
//! saw instead.

mod binaries;
pub mod file_size;
pub mod foreign;
pub mod http;
pub mod identities;
pub mod issuer;
pub mod journal;
pub mod log_line;
mod manager;
mod memory_cgroup;
pub mod openmetrics;
pub mod process;
mod products;
pub mod provider;
pub mod raw;
pub mod receiver;
pub mod scrape;
mod serve;
pub mod shop;
pub mod skip;
pub mod spire;
pub mod stand_in;
pub mod unharmed;
mod wait;
pub mod workload_api;

pub use binaries::binary;
pub use http::{Answer, Http};
pub use issuer::Issuer;
pub use journal::Journal;
pub use manager::Manager;
pub use memory_cgroup::MemoryCgroup;
pub use process::{LogLine, Process};
pub use products::add_products;
pub use provider::{Maker, Provider};
pub use raw::Raw;
pub use receiver::{Receiver, ReceiverMode, SpanRecord};
pub use scrape::Scrape;
pub use serve::serve;
pub use shop::{Shop, ShopOptions};
pub use wait::eventually;
