//! Black-box tests of the whole shop, by topic. What runs side by side here shares nothing: each test has
//! services, stores and ports of its own.

mod anomalies;
mod http;
mod orders;
mod resilience;
mod telemetry;
mod trust;
mod unit;
